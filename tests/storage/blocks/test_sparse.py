"""The pool of sparse files: what it takes of the disk, who may read it, and crashes at any step."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.blocks.errors import BlockError, NoSpace
from storage.blocks.sparse import Sparse
from tests.storage.objects import faults
from tests.storage.objects.test_crash import in_child

MIB = 1 << 20
SIZE_BYTES = 2 * MIB

State = dict[str, bytes]
Act = Callable[[Sparse], object]


def fill(pool: Sparse, volume_id: str) -> None:
    with pool.filling(volume_id, size_bytes=SIZE_BYTES) as path:
        fd = os.open(path, os.O_WRONLY)
        for word in (b"im", b"age"):
            os.write(fd, word)
        os.close(fd)


ACTS: dict[str, Act] = {
    "create": lambda pool: pool.create("new", size_bytes=SIZE_BYTES),
    "create from": lambda pool: pool.create_from("shot", "new", size_bytes=2 * SIZE_BYTES),
    "fill": lambda pool: fill(pool, "new"),
    "fill anew": lambda pool: fill(pool, "old"),
    "extend": lambda pool: pool.extend("old", size_bytes=2 * SIZE_BYTES),
    "snapshot": lambda pool: pool.snapshot("old", "new"),
    "delete": lambda pool: pool.delete("old"),
    "delete snapshot": lambda pool: pool.delete_snapshot("shot"),
}


def furnished(root: Path) -> Sparse:
    pool = Sparse(root)
    pool.create("old", size_bytes=SIZE_BYTES)
    pool.device("old").write_bytes(b"then" + bytes(SIZE_BYTES - 4))
    pool.snapshot("old", "shot")
    return pool


def seen(pool: Sparse, root: Path) -> State:
    """All that a caller can see."""
    volumes = {volume_id: pool.device(volume_id).read_bytes() for volume_id in pool.volumes()}
    return volumes | {
        f"snapshot {snapshot_id}": (root / f"nbx-s-{snapshot_id}").read_bytes()
        for snapshot_id in pool.snapshots()
    }


def states(root: Path, act: Act) -> tuple[State, State]:
    """What is seen before and after the act."""
    pool = furnished(root)
    before = seen(pool, root)
    act(pool)
    return before, seen(pool, root)


@pytest.mark.crash
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_killed_at_any_step_it_happened_or_not_and_the_next_attempt_finishes_it(
    tmp_path: Path, act: Act, when: str
) -> None:
    old, new = states(tmp_path / "whole", act)
    for number in range(1, 100):
        root = tmp_path / str(number)
        furnished(root)
        hook = {when: faults.Nth(number, faults.kill_myself)}

        def work(root: Path = root, hook: dict[str, faults.Nth] = hook) -> None:
            with faults.watched(**hook):
                act(Sparse(root))

        is_done = in_child(work)
        pool = Sparse(root)
        state = seen(pool, root)
        assert state in ((new,) if is_done else (old, new))
        act(pool)
        assert seen(pool, root) == new
        assert len(list(root.iterdir())) == len(new)
        if is_done:
            assert number > 1
            return
    pytest.fail("the act never ends")


@pytest.mark.crash
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_refused_at_any_step_by_a_full_disk_it_says_so_and_nothing_changed(
    tmp_path: Path, act: Act
) -> None:
    old, new = states(tmp_path / "whole", act)
    for number in range(1, 100):
        root = tmp_path / str(number)
        furnished(root)
        nth = faults.Nth(number, faults.fail)
        with faults.watched(before=nth), contextlib.suppress(NoSpace):
            act(Sparse(root))
        state = seen(Sparse(root), root)
        if not nth.reached:
            assert state == new
            return
        is_lost = act is ACTS["fill anew"] and "old" not in state  # its name was not synced
        assert state in (old, new) or is_lost
        assert not list(root.glob("*.new"))
    pytest.fail("the act never ends")


def test_holes_stay_holes_in_copies(tmp_path: Path) -> None:
    pool = Sparse(tmp_path)
    pool.create("a", size_bytes=1024 * MIB)
    with pool.device("a").open("r+b") as out:
        out.seek(512 * MIB)
        out.write(b"x" * MIB)
    pool.snapshot("a", "s")
    pool.create_from("s", "b", size_bytes=2048 * MIB)

    copy = pool.device("b").stat()
    assert copy.st_size == 2048 * MIB
    assert copy.st_blocks * 512 < 4 * MIB
    with pool.device("b").open("rb") as file:
        file.seek(512 * MIB - 1)
        assert file.read(MIB + 2) == b"\0" + b"x" * MIB + b"\0"


def test_only_root_may_read_what_guests_wrote(tmp_path: Path) -> None:
    pool = Sparse(tmp_path / "volumes")
    pool.create("a", size_bytes=MIB)
    pool.snapshot("a", "s")
    fill(pool, "b")

    assert (tmp_path / "volumes").stat().st_mode & 0o777 == 0o700
    modes = [path.stat().st_mode & 0o777 for path in (tmp_path / "volumes").iterdir()]
    assert modes == [0o600] * 3


def test_an_image_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    pool = Sparse(tmp_path)

    def too_much() -> None:
        with pool.filling("a", size_bytes=MIB) as path:
            path.write_bytes(bytes(MIB + 512))

    with pytest.raises(BlockError, match=f"{MIB + 512} bytes do not fit into {MIB}"):
        too_much()
    assert list(tmp_path.iterdir()) == []


def test_a_volume_larger_than_any_file_is_no_space(tmp_path: Path) -> None:
    with pytest.raises(NoSpace, match="a: cannot create"):
        Sparse(tmp_path).create("a", size_bytes=1 << 62)
    assert list(tmp_path.iterdir()) == []
