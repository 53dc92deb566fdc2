"""python-swiftclient's own command works against the object store, unchanged."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.system.object_process import ObjectProcess

Swift = Callable[..., str]


@pytest.fixture
def swift(store: ObjectProcess, tmp_path: Path) -> Swift:
    """Run `swift …` in an empty folder; return what it printed."""

    def run(*arguments: str, status: int = 0) -> str:
        login = ("--os-auth-token", store.token, "--os-storage-url", store.url)
        done = subprocess.run(
            [Path(sys.executable).parent / "swift", *login, *arguments],
            cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr + store.log()
        return done.stdout + done.stderr

    return run


def facts(text: str) -> dict[str, str]:
    """What `swift stat` says, by name."""
    lines = [line.partition(": ") for line in text.splitlines()]
    return {name.strip(): value.strip() for name, _, value in lines}


def test_upload_list_stat_download_delete(swift: Swift, tmp_path: Path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "größe 100%.bin").write_bytes(os.urandom(3_000_000))
    (tmp_path / "note").write_text("hello\n")

    swift("upload", "box", "photos", "note", "-H", "X-Object-Meta-Color: blue")
    assert swift("list") == "box\n"
    assert swift("list", "box") == "note\nphotos/größe 100%.bin\n"
    assert swift("list", "box", "--delimiter", "/") == "note\nphotos/\n"
    assert facts(swift("stat"))["Objects"] == "2"
    assert facts(swift("stat", "box"))["Bytes"] == "3000006"
    described = facts(swift("stat", "box", "note"))
    assert (described["Content Length"], described["Meta Color"]) == ("6", "blue")
    swift("download", "box", "-D", "out")
    for name in ("note", "photos/größe 100%.bin"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / name).read_bytes()
    swift("delete", "box", "note")
    assert "404 Not Found" in swift("stat", "box", "note", status=1)
    swift("delete", "box")
    assert swift("list") == ""


@pytest.mark.parametrize("kind", ["--use-slo", "--use-dlo"])
def test_a_segmented_upload_comes_back_whole(swift: Swift, tmp_path: Path, kind: str):
    (tmp_path / "big").write_bytes(os.urandom(2_500_001))

    swift("upload", "box", "-S", "1000000", kind, "big")
    assert len(swift("list", "box_segments").splitlines()) == 3
    assert facts(swift("stat", "box", "big"))["Content Length"] == "2500001"
    swift("download", "box", "big", "-o", "back")

    assert (tmp_path / "back").read_bytes() == (tmp_path / "big").read_bytes()
    swift("delete", "box", "big")
    assert swift("list", "box_segments") == ""
    swift("delete", "--all")


def test_metadata_and_copies(swift: Swift, tmp_path: Path):
    (tmp_path / "note").write_text("hello\n")
    swift("upload", "box", "note")

    swift("post", "box", "-m", "Owner:me")
    swift("post", "box", "note", "-m", "Color:red")
    swift("copy", "box", "note", "-d", "/other/copied")

    assert facts(swift("stat", "box"))["Meta Owner"] == "me"
    assert facts(swift("stat", "other", "copied"))["Meta Color"] == "red"
    swift("delete", "--all")


def test_an_unchanged_file_is_not_sent_again(swift: Swift, tmp_path: Path):
    (tmp_path / "note").write_text("hello\n")

    assert "note" in swift("upload", "box", "note", "--skip-identical")
    before = facts(swift("stat", "box", "note"))["X-Timestamp"]
    swift("upload", "box", "note", "--skip-identical")

    assert facts(swift("stat", "box", "note"))["X-Timestamp"] == before
    swift("delete", "--all")


def test_a_bad_token_is_refused(store: ObjectProcess, tmp_path: Path):
    done = subprocess.run(
        [Path(sys.executable).parent / "swift", "--os-auth-token", "bad",
         "--os-storage-url", store.url, "list"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert "401" in done.stderr
