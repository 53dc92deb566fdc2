"""A store in a temporary directory, and short words for what tests do with one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.objects.store import ObjectStore
from tests.storage.objects.verbs import ACCOUNT


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ObjectStore]:
    """One whose objects are all data files, however small."""
    with ObjectStore(tmp_path / "store", part_power=4, inline_bytes_max=-1) as opened:
        yield opened


@pytest.fixture
def inline(tmp_path: Path) -> Iterator[ObjectStore]:
    """One that keeps small objects in their container's file, with a container `c`."""
    with ObjectStore(tmp_path / "inline", part_power=4) as opened:
        opened.put_container(ACCOUNT, "c")
        yield opened
