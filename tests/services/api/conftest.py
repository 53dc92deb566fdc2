"""A bootstrapped cloud for each test: copied, because hashing passwords takes a second."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import config
from tests.services.api import clouds


@pytest.fixture(scope="session")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A cloud after its first start, with two more users; and a token for each."""
    settings = config.parse({"host": "box1"}, home=tmp_path_factory.mktemp("cloud"))
    return settings.home, clouds.first_start(settings)


@pytest.fixture
def cloud(
    settings: config.Settings, first_start: tuple[Path, dict[str, str]]
) -> Iterator[clouds.Cloud]:
    """The API of a cloud of one's own."""
    template, tokens = first_start
    shutil.copytree(template, settings.home, dirs_exist_ok=True)
    cloud = clouds.opened(settings, tokens)
    yield cloud
    cloud.db.close()
