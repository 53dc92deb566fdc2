"""The pool on LVM: killed after any command that it gives, the next attempt finishes the work."""

import shutil
from collections.abc import Callable, Iterator
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


def fill(pool: Lvm) -> None:
    with pool.filling("new", size_bytes=SIZE_BYTES) as path, path.open("r+b") as out:
        out.write(b"image")


def put(pool: Lvm, volume_id: str, data: bytes) -> None:
    with pool.device(volume_id).open("r+b") as out:
        out.write(data)


def get(pool: Lvm, volume_id: str) -> bytes:
    with pool.device(volume_id).open("rb") as file:
        return file.read(5)


@pytest.mark.crash
def test_killed_after_any_command_it_happened_or_not_and_is_finished(
    pool: Lvm, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, program = home / "left", home / "lvm"
    left.write_text("0")
    program.write_text(DEADLY.format(left=left, lvm=shutil.which("lvm")))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(home), prepend=":")
    pool.create("old", size_bytes=SIZE_BYTES)
    put(pool, "old", b"then!")
    pool.snapshot("old", "shot")
    acts: dict[bytes, Callable[[], None]] = {
        b"then!": lambda: pool.create_from("shot", "new", size_bytes=2 * SIZE_BYTES),
        b"image": lambda: fill(pool),
    }
    for expected, act in acts.items():
        assert killed_everywhere(act, left, lambda e=expected: check(pool, e)) > 3  # type: ignore[misc]
        pool.delete("new")
    assert list(pool.volumes()) == ["old"]


def killed_everywhere(act: Callable[[], None], left: Path, check: Callable[[], None]) -> int:
    """Kill it after its first command, its second, ..., and finish it; how many there were."""
    for number in range(1, 50):
        left.write_text(str(number))
        is_done = in_child(act)
        left.write_text("0")
        act()
        check()
        if is_done:
            return number
    pytest.fail("the act never ends")


def check(pool: Lvm, expected: bytes) -> None:
    assert sorted(pool.volumes()) == ["new", "old"]
    assert get(pool, "new") == expected
    pool.delete("new")


def test_a_volume_that_is_open_is_busy(pool: Lvm) -> None:
    pool.create("a", size_bytes=SIZE_BYTES)
    with pool.device("a").open("rb"), pytest.raises(Busy, match="in use"):
        pool.delete("a")
    pool.delete("a")

    assert list(pool.volumes()) == []
