"""A blob exists whole or not at all."""

import errno
import hashlib
import os
from pathlib import Path

import pytest
import xxhash

from storage import blobs


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@pytest.fixture(params=["tmpfile", "named"])
def draft_directory(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A directory, once with O_TMPFILE and once on a file system without it."""
    if request.param == "named":
        real_open = os.open

        def refusing(path, flags, *args, **kwargs):
            if flags & os.O_TMPFILE == os.O_TMPFILE:
                raise OSError(errno.EOPNOTSUPP, "no O_TMPFILE here")
            return real_open(path, flags, *args, **kwargs)

        monkeypatch.setattr(os, "open", refusing)
    return tmp_path


def test_a_published_draft_holds_the_bytes_and_nothing_else_is_left(draft_directory: Path):
    with blobs.Draft(draft_directory) as draft:
        draft.write(b"walking ")
        draft.write(memoryview(b"cloud"))
        draft.publish(draft_directory / "a")

    assert names(draft_directory) == ["a"]
    assert (draft_directory / "a").read_bytes() == b"walking cloud"


def test_sums_are_those_of_the_bytes(draft_directory: Path):
    with blobs.Draft(draft_directory) as draft:
        for _ in range(3):
            draft.write(b"x" * 100_000)

        data = b"x" * 300_000
        assert draft.size_bytes == 300_000
        assert draft.etag == hashlib.md5(data, usedforsecurity=False).hexdigest()
        assert draft.xxh3 == xxhash.xxh3_128_hexdigest(data)


def test_an_unpublished_draft_leaves_nothing(draft_directory: Path):
    with blobs.Draft(draft_directory) as draft:
        draft.write(b"half")

    assert names(draft_directory) == []


def test_publishing_refuses_to_overwrite(draft_directory: Path):
    (draft_directory / "a").write_bytes(b"first")

    with blobs.Draft(draft_directory) as draft:
        draft.write(b"second")
        with pytest.raises(FileExistsError):
            draft.publish(draft_directory / "a")

    assert names(draft_directory) == ["a"]
    assert (draft_directory / "a").read_bytes() == b"first"


def test_replacing_puts_the_new_bytes_in_place(draft_directory: Path):
    blobs.write_whole(draft_directory / "a", b"first")
    blobs.write_whole(draft_directory / "a", b"second")

    assert names(draft_directory) == ["a"]
    assert (draft_directory / "a").read_bytes() == b"second"


def test_a_directory_that_cannot_be_synced_keeps_no_name(
    draft_directory: Path, monkeypatch: pytest.MonkeyPatch
):
    real_fsync = os.fsync

    def failing(fd):
        if os.fstat(fd).st_mode & 0o040000:
            raise OSError(errno.EIO, "the disk is ill")
        real_fsync(fd)

    monkeypatch.setattr(os, "fsync", failing)
    with blobs.Draft(draft_directory) as draft:
        draft.write(b"bytes")
        with pytest.raises(OSError, match="ill"):
            draft.publish(draft_directory / "a")

    assert names(draft_directory) == []


@pytest.mark.parametrize("kernel_refuses", [False, True])
def test_a_copy_takes_bytes_and_sums(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kernel_refuses: bool
):
    def refusing(*_args, **_kwargs):
        raise OSError(errno.EXDEV, "another file system")

    if kernel_refuses:
        monkeypatch.setattr(os, "copy_file_range", refusing)
    data = bytes(range(256)) * 8192
    (tmp_path / "source").write_bytes(data)

    with (tmp_path / "source").open("rb") as source, blobs.Draft(tmp_path) as draft:
        draft.copy_from(source.fileno(), len(data), sums=("md5", "xxh3"))
        draft.publish(tmp_path / "copy")
        assert (draft.size_bytes, draft.etag, draft.xxh3) == (len(data), "md5", "xxh3")

    assert (tmp_path / "copy").read_bytes() == data


def test_a_copy_of_a_file_that_ends_early_fails(tmp_path: Path):
    (tmp_path / "source").write_bytes(b"short")

    with (
        (tmp_path / "source").open("rb") as source,
        blobs.Draft(tmp_path) as draft,
        pytest.raises(OSError, match="after 5 of 6 bytes"),
    ):
        draft.copy_from(source.fileno(), 6, sums=("", ""))


def test_leftover_drafts_are_swept_and_nothing_else(tmp_path: Path):
    (tmp_path / f"{blobs.DRAFT_PREFIX}0123").write_bytes(b"half")
    (tmp_path / "a").write_bytes(b"whole")

    assert blobs.sweep_drafts(tmp_path) == 1
    assert names(tmp_path) == ["a"]


def test_missing_parents_are_made(tmp_path: Path):
    blobs.make_directory(tmp_path / "a" / "b" / "c")
    blobs.make_directory(tmp_path / "a" / "b" / "c")

    assert (tmp_path / "a" / "b" / "c").is_dir()


def test_a_draft_in_a_directory_that_is_not_there_fails(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        blobs.Draft(tmp_path / "missing")
