"""The pool on LVM: killed after any change that it made, the next attempt finishes the work."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.blocks.errors import Busy
from storage.blocks.lvm import Lvm
from tests.storage.objects.test_crash import in_child
from tests.vm import group

pytestmark = pytest.mark.vm

GROUP = "nbx-crash"
SIZE_BYTES = 8 << 20
DEADLY = """#!/bin/sh
[ $1 = lvs ] && exec {lvm} "$@"
left=$(($(cat {left}) - 1)); echo $left > {left}
[ $left = 0 ] || exec {lvm} "$@"
{lvm} "$@"; kill -9 $PPID
"""


@pytest.fixture
def pool() -> Iterator[Lvm]:
    with group.running(GROUP, size_mib=128):
        pool = Lvm(GROUP)
        yield pool
        pool.clear()


@pytest.mark.crash
def test_killed_after_any_change_the_next_attempt_finishes_it(
    pool: Lvm, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, program = home / "left", home / "lvm"
    left.write_text("0")
    program.write_text(DEADLY.format(left=left, lvm=shutil.which("lvm")))
    program.chmod(0o755)
    pool.create("old", size_bytes=SIZE_BYTES)
    with pool.device("old").open("r+b") as out:
        out.write(b"then!")
    pool.snapshot("old", "shot")
    monkeypatch.setenv("PATH", str(home), prepend=":")
    for number in range(1, 50):
        left.write_text(str(number))
        is_done = in_child(lambda: pool.create_from("shot", "new", size_bytes=2 * SIZE_BYTES))
        left.write_text("0")
        pool.create_from("shot", "new", size_bytes=2 * SIZE_BYTES)
        with pool.device("new").open("rb") as file:
            assert file.read(5) == b"then!"
        pool.delete("new")
        if is_done:
            assert number == 4  # it makes a copy, grows it, and names it
            assert list(pool.volumes()) == ["old"]
            return
    pytest.fail("it never ends")


def test_a_volume_that_is_open_is_busy(pool: Lvm) -> None:
    pool.create("a", size_bytes=SIZE_BYTES)
    with pool.device("a").open("rb"), pytest.raises(Busy, match="in use"):
        pool.delete("a")
    pool.delete("a")

    assert list(pool.volumes()) == []
