import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from services.image.tiny import cpio


def _archive() -> bytes:
    archive = cpio.Archive()
    archive.directory("root", mode=0o700)
    archive.file("/etc/issue/text", b"hello\n", mode=0o640)
    archive.link("bin/sh", "busybox")
    archive.character_device("dev/console", major=5, minor=1)
    return archive.finish()


def test_members_follow_their_parents_and_the_trailer_ends_them() -> None:
    names = list(_names(_archive()))

    expected = ["root", "etc", "etc/issue", "etc/issue/text", "bin", "bin/sh", "dev", "dev/console"]
    assert names == [*expected, cpio.TRAILER]


def test_the_same_members_make_the_same_bytes() -> None:
    assert _archive() == _archive()


def test_every_header_starts_at_a_multiple_of_four_bytes() -> None:
    assert all(offset % 4 == 0 for offset, _, _ in _headers(_archive()))


def test_a_device_node_keeps_its_numbers() -> None:
    fields = next(fields for _, name, fields in _headers(_archive()) if name == "dev/console")

    assert stat.S_ISCHR(fields[1])
    assert (fields[9], fields[10]) == (5, 1)


def test_busybox_unpacks_what_was_packed(tmp_path: Path) -> None:
    if shutil.which("busybox") is None:
        pytest.skip("busybox is not installed")
    archive = cpio.Archive()
    archive.file("a/b", b"text", mode=0o600)
    archive.link("a/c", "b")

    subprocess.run(
        ["busybox", "cpio", "-id"], input=archive.finish(), cwd=tmp_path, check=True,
        capture_output=True, timeout=20,
    )  # fmt: skip

    assert (tmp_path / "a/c").read_text() == "text"
    assert stat.S_IMODE((tmp_path / "a/b").stat().st_mode) == 0o600


def _names(archive: bytes) -> list[str]:
    return [name for _, name, _ in _headers(archive)]


def _headers(archive: bytes) -> list[tuple[int, str, list[int]]]:
    """Offset, name and the 13 numbers of each member."""
    members = []
    offset = 0
    while offset < len(archive):
        assert archive[offset : offset + 6] == b"070701"
        fields = [int(archive[offset + 6 + 8 * i : offset + 14 + 8 * i], 16) for i in range(13)]
        start = offset + 110
        name = archive[start : start + fields[11] - 1].decode()
        members.append((offset, name, fields))
        end_of_name = start + fields[11]
        end = end_of_name + -end_of_name % 4 + fields[6]
        offset = end + -end % 4
    return members
