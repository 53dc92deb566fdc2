"""A store in a temporary directory, and short words for what tests do with one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.objects.store import ObjectStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ObjectStore]:
    with ObjectStore(tmp_path / "store", part_power=4) as opened:
        yield opened
