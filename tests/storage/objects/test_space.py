"""Below the reserve, and on a full disk: writes are refused, reads and deletions go on."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.objects.errors import StoreFull
from storage.objects.store import ObjectStore
from storage.objects.transfer import SPACE_EVERY_BYTES
from tests.storage.objects.verbs import ACCOUNT, copy, get, named, names, put

MIB = 1 << 20


class FakeDisk:
    """What statvfs says of a disk that has so many bytes left."""

    def __init__(self, free_bytes: int) -> None:
        self.f_bavail, self.f_frsize = free_bytes, 1


@pytest.fixture
def tight(tmp_path: Path) -> Iterator[ObjectStore]:
    """One that keeps 100 MiB in reserve, with an object in it."""
    with ObjectStore(tmp_path / "s", part_power=2, reserve_bytes=100 * MIB) as store:
        store.put_container(ACCOUNT, "c")
        put(store, "old", b"o")
        yield store


def test_below_the_reserve_new_bytes_are_refused_and_all_else_goes_on(tight, monkeypatch):
    monkeypatch.setattr(os, "statvfs", lambda _path: FakeDisk(99 * MIB))

    with pytest.raises(StoreFull, match="99 MiB left, of which 100 are kept in reserve"):
        tight.put_object(named("new"))
    with pytest.raises(StoreFull):
        copy(tight, named("old"), named("new"))
    assert (names(tight), get(tight, "old")) == (["old"], b"o")
    tight.post_object(named("old"), metadata={"k": "v"})
    tight.delete_object(named("old"))
    assert names(tight) == []


def test_an_upload_whose_size_is_known_is_refused_before_its_first_byte(tight, monkeypatch):
    monkeypatch.setattr(os, "statvfs", lambda _path: FakeDisk(150 * MIB))

    with pytest.raises(StoreFull):
        tight.put_object(named("new"), size_bytes=60 * MIB)
    put(tight, "new", b"small")


def test_a_long_upload_is_refused_when_the_reserve_is_reached(tight, monkeypatch):
    left = [400 * MIB]
    monkeypatch.setattr(os, "statvfs", lambda _path: FakeDisk(left[0]))
    piece = bytes(8 * MIB)

    with tight.put_object(named("new")) as upload:
        upload.write(piece)
        left[0] = 50 * MIB
        with pytest.raises(StoreFull):  # noqa: PT012 - one of these, not the first
            for _ in range(1 + SPACE_EVERY_BYTES // len(piece)):
                upload.write(piece)

    assert names(tight) == ["old"]
    assert list(tight.files.walk()) == []


FULL = """
import os, sys
from pathlib import Path
from storage.objects.errors import StoreFull
from storage.objects.store import ObjectStore
from tests.storage.objects.verbs import ACCOUNT, get, named, names, put
RESERVE = int(sys.argv[2])
with ObjectStore(Path(sys.argv[1]) / "s", part_power=2, reserve_bytes=RESERVE) as store:
    store.put_container(ACCOUNT, "c")
    kept, refused = {}, 0
    for number in range(3000):
        name, data = f"{number:04}", bytes([number % 251]) * (500 if number % 7 else 90_000)
        try:
            put(store, name, data)
            kept[name] = data
        except StoreFull:
            refused += 1
            if refused > 40:
                break
    assert refused > 40, "the disk was never full"
    assert {name: get(store, name) for name in names(store)} == kept
    large = [data for data in kept.values() if len(data) > 64 << 10]
    assert len(list(store.files.walk())) == len(large)
    if RESERVE:
        for name in list(kept)[:200]:
            store.delete_object(named(name))
        assert names(store) == sorted(kept)[200:]
        put(store, "again", b"fits")
print("held")
"""


@pytest.mark.host
@pytest.mark.skipif(os.geteuid() != 0, reason="root is missing")
@pytest.mark.parametrize("reserve_bytes", [0, 4 * MIB])
def test_a_disk_that_is_really_full(tmp_path: Path, reserve_bytes: int):
    """A file system of 16 MiB in memory, in a mount namespace of its own.

    With a reserve deletions go on too; without one even they need room to be written down.
    """
    program = f"exec {sys.executable} - {tmp_path} {reserve_bytes}"
    mount = f"mount -t tmpfs -o size=16m nbx-full {tmp_path} && {program}"
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", mount],
        input=FULL, capture_output=True, text=True, timeout=100, check=False,
        cwd=Path(__file__).parents[3],
    )  # fmt: skip
    if "no user extended attributes" in done.stderr:
        pytest.skip("tmpfs of this kernel has no user extended attributes")

    assert done.stdout == "held\n", done.stderr
