"""One suite for Pool: sparse files, where the file system shares blocks and where not; thin LVM."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.blocks.errors import BlockError
from storage.blocks.lvm import Lvm
from storage.blocks.pool import Pool
from storage.blocks.sparse import Sparse
from tests.vm import group

POOLS = (
    "sparse",
    pytest.param("sparse-btrfs", marks=pytest.mark.host),
    pytest.param("lvm", marks=pytest.mark.vm),
)
GROUP = "nbx-contract"
MIB = 1 << 20
SIZE_BYTES = 8 * MIB  # whole extents of LVM
V1, V2, S1, S2 = (f"00000000-0000-4000-8000-{number:012}" for number in range(4))


@pytest.fixture(scope="module")
def volume_group() -> Iterator[str]:
    with group.running(GROUP, size_mib=256):
        yield GROUP


@pytest.fixture
def btrfs(home: Path) -> Iterator[Path]:
    """A folder on a file system that shares blocks."""
    if not shutil.which("mkfs.btrfs"):
        pytest.skip("missing programs: mkfs.btrfs (package btrfs-progs)")
    image, folder = home / "btrfs.raw", home / "btrfs"
    folder.mkdir()
    with image.open("wb") as out:
        out.truncate(128 * MIB)
    subprocess.run(["mkfs.btrfs", "--quiet", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture(params=POOLS)
def pool(request: pytest.FixtureRequest, home: Path) -> Iterator[Pool]:
    made: Pool
    if request.param == "lvm":
        made = Lvm(request.getfixturevalue("volume_group"))
    elif request.param == "sparse-btrfs":
        made = Sparse(request.getfixturevalue("btrfs") / "volumes")
    else:
        made = Sparse(home / "volumes")
    yield made
    if request.param == "lvm":
        empty(made)
    else:
        made.clear()


def empty(pool: Pool) -> None:
    """Remove what is in the pool, and keep LVM's thin pool: it takes seconds to make."""
    for volume_id in list(pool.volumes()):
        pool.delete(volume_id)
    for snapshot_id in list(pool.snapshots()):
        pool.delete_snapshot(snapshot_id)


def put(pool: Pool, volume_id: str, data: bytes, *, at: int = 0) -> None:
    with pool.device(volume_id).open("r+b") as out:
        out.seek(at)
        out.write(data)


def get(pool: Pool, volume_id: str, count: int, *, at: int = 0) -> bytes:
    with pool.device(volume_id).open("rb") as file:
        file.seek(at)
        return file.read(count)


def size_bytes(pool: Pool, volume_id: str) -> int:
    with pool.device(volume_id).open("rb") as file:
        return file.seek(0, 2)


def test_a_new_volume_is_zeros_and_is_listed(pool: Pool) -> None:
    pool.create(V1, size_bytes=SIZE_BYTES)

    assert list(pool.volumes()) == [V1]
    assert list(pool.snapshots()) == []
    assert size_bytes(pool, V1) == SIZE_BYTES
    assert get(pool, V1, SIZE_BYTES) == bytes(SIZE_BYTES)


def test_the_place_of_a_snapshot_is_its_own(pool: Pool) -> None:
    pool.create(V1, size_bytes=SIZE_BYTES)
    before = pool.snapshot_place(V1)
    pool.snapshot(V1, V1)

    assert pool.snapshot_place(V1) == before != pool.place(V1)


def test_the_place_of_a_volume_is_told_before_and_after_it_is_made(pool: Pool) -> None:
    before = pool.place(V1)
    pool.create(V1, size_bytes=SIZE_BYTES)

    assert pool.place(V1) == before == pool.device(V1)


def test_a_volume_made_twice_keeps_its_bytes(pool: Pool) -> None:
    pool.create(V1, size_bytes=SIZE_BYTES)
    put(pool, V1, b"mine")
    pool.create(V1, size_bytes=SIZE_BYTES)

    assert get(pool, V1, 4) == b"mine"


def test_a_deleted_volume_is_gone_and_another_of_its_name_is_zeros(pool: Pool) -> None:
    pool.create(V1, size_bytes=SIZE_BYTES)
    put(pool, V1, b"mine")
    pool.delete(V1)
    pool.delete(V1)
    assert list(pool.volumes()) == []

    pool.create(V1, size_bytes=SIZE_BYTES)
    assert get(pool, V1, 4) == bytes(4)


def test_an_extended_volume_keeps_its_bytes_and_never_shrinks(pool: Pool) -> None:
    pool.create(V1, size_bytes=SIZE_BYTES)
    put(pool, V1, b"mine", at=SIZE_BYTES - 4)
    pool.extend(V1, size_bytes=2 * SIZE_BYTES)
    pool.extend(V1, size_bytes=SIZE_BYTES)

    assert size_bytes(pool, V1) == 2 * SIZE_BYTES
    assert get(pool, V1, 8, at=SIZE_BYTES - 4) == b"mine" + bytes(4)


def test_a_snapshot_keeps_the_bytes_of_its_moment(pool: Pool) -> None:
    pool.create(V1, size_bytes=SIZE_BYTES)
    put(pool, V1, b"then", at=MIB)
    pool.snapshot(V1, S1)
    put(pool, V1, b"now!", at=MIB)
    pool.snapshot(V1, S1)
    pool.create_from(S1, V2, size_bytes=SIZE_BYTES)

    assert list(pool.snapshots()) == [S1]
    assert get(pool, V1, 4, at=MIB) == b"now!"
    assert get(pool, V2, 4, at=MIB) == b"then"


def test_a_volume_from_a_snapshot_may_be_larger_and_goes_its_own_way(pool: Pool) -> None:
    pool.create(V1, size_bytes=SIZE_BYTES)
    put(pool, V1, b"then")
    pool.snapshot(V1, S1)
    pool.create_from(S1, V2, size_bytes=2 * SIZE_BYTES)
    put(pool, V2, b"else")
    pool.create_from(S1, V2, size_bytes=2 * SIZE_BYTES)

    assert size_bytes(pool, V2) == 2 * SIZE_BYTES
    assert get(pool, V2, 4) == b"else"
    assert get(pool, V1, 4) == b"then"
    assert get(pool, V2, SIZE_BYTES, at=SIZE_BYTES) == bytes(SIZE_BYTES)


def test_snapshots_volumes_and_what_was_made_of_them_go_in_any_order(pool: Pool) -> None:
    pool.create(V1, size_bytes=SIZE_BYTES)
    put(pool, V1, b"then")
    pool.snapshot(V1, S1)
    pool.create_from(S1, V2, size_bytes=SIZE_BYTES)
    pool.snapshot(V2, S2)

    pool.delete(V1)
    pool.delete_snapshot(S1)
    pool.delete_snapshot(S1)
    assert get(pool, V2, 4) == b"then"
    pool.delete(V2)
    assert list(pool.snapshots()) == [S2]
    pool.delete_snapshot(S2)
    assert [*pool.volumes(), *pool.snapshots()] == []


def test_what_is_filled_is_seen_only_when_it_is_whole(pool: Pool) -> None:
    with pool.filling(V1, size_bytes=SIZE_BYTES) as path:
        with path.open("r+b") as out:
            out.write(b"image")
        assert list(pool.volumes()) == []

    assert list(pool.volumes()) == [V1]
    assert size_bytes(pool, V1) == SIZE_BYTES
    assert get(pool, V1, 6) == b"image\0"


def test_what_could_not_be_filled_is_gone(pool: Pool) -> None:
    def fill() -> None:
        with pool.filling(V1, size_bytes=SIZE_BYTES) as path:
            assert not path, "the download broke"

    with pytest.raises(AssertionError, match="the download broke"):
        fill()

    assert list(pool.volumes()) == []
    pool.create(V1, size_bytes=SIZE_BYTES)
    assert get(pool, V1, 4) == bytes(4)


def test_filling_again_makes_it_anew(pool: Pool) -> None:
    for word in (b"first image", b"second"):
        with pool.filling(V1, size_bytes=SIZE_BYTES) as path, path.open("r+b") as out:
            out.write(word)

    assert get(pool, V1, 11) == b"second" + bytes(5)


def test_a_snapshot_while_a_guest_writes_is_said_to_be_possible_only_where_it_is(
    pool: Pool, request: pytest.FixtureRequest
) -> None:
    if any(name in request.node.name for name in ("btrfs", "lvm")):
        assert pool.can_snapshot_in_use
    if pool.can_snapshot_in_use:
        pool.create(V1, size_bytes=SIZE_BYTES)
        with pool.device(V1).open("r+b", buffering=0) as guest:
            guest.write(b"then")
            pool.snapshot(V1, S1)
            guest.write(b"now!")
        pool.create_from(S1, V2, size_bytes=SIZE_BYTES)
        assert get(pool, V2, 8) == b"then" + bytes(4)


def test_what_is_not_there_is_an_error_that_names_it(pool: Pool) -> None:
    with pytest.raises(BlockError, match=V1):
        pool.device(V1)
    with pytest.raises(BlockError, match=V1):
        pool.extend(V1, size_bytes=SIZE_BYTES)
    with pytest.raises(BlockError, match=V1):
        pool.snapshot(V1, S1)
    with pytest.raises(BlockError, match=S1):
        pool.create_from(S1, V2, size_bytes=SIZE_BYTES)
    assert [*pool.volumes(), *pool.snapshots()] == []


def test_the_pool_has_room_and_promises_take_none(pool: Pool) -> None:
    before = pool.capacity()
    assert 0 < before.free_bytes <= before.total_bytes

    pool.create(V1, size_bytes=4 << 40)
    assert pool.capacity().total_bytes == before.total_bytes
    assert size_bytes(pool, V1) == 4 << 40


def test_a_cleared_pool_is_empty_and_can_be_used_again(pool: Pool) -> None:
    pool.create(V1, size_bytes=SIZE_BYTES)
    pool.snapshot(V1, S1)
    pool.clear()
    pool.clear()
    assert [*pool.volumes(), *pool.snapshots()] == []

    pool.create(V1, size_bytes=SIZE_BYTES)
    assert list(pool.volumes()) == [V1]
