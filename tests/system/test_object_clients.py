"""rclone, restic and `openstack object` work against the object store, unchanged."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.system.object_process import ObjectProcess

Run = Callable[..., str]


@pytest.fixture
def run(store: ObjectProcess, tmp_path: Path) -> Run:
    """Run a client in a folder with some files in `source`; return what it printed."""
    (tmp_path / "source/sub").mkdir(parents=True)
    (tmp_path / "source/large").write_bytes(os.urandom(3_500_000))
    (tmp_path / "source/sub/größe 100%.txt").write_text("hello\n")
    (tmp_path / "source/empty").touch()
    login = {
        "OS_STORAGE_URL": store.url, "OS_AUTH_TOKEN": store.token,
        "RCLONE_CONFIG": os.devnull, "RCLONE_CONFIG_BOX_TYPE": "swift",
        "RCLONE_CONFIG_BOX_STORAGE_URL": store.url, "RCLONE_CONFIG_BOX_AUTH_TOKEN": store.token,
        "RCLONE_CONFIG_BOX_CHUNK_SIZE": "1M", "RESTIC_PASSWORD": "a",
        "RESTIC_REPOSITORY": "swift:backups:/repository", "HOME": str(tmp_path),
    }  # fmt: skip

    def run(*arguments: str, status: int = 0) -> str:
        if shutil.which(arguments[0]) is None:
            pytest.skip(f"{arguments[0]} is not installed: see packages.txt")
        done = subprocess.run(
            arguments, cwd=tmp_path, env=os.environ | login, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr + store.log()
        return done.stdout

    return run


def test_rclone_copies_checks_moves_and_purges(run: Run, tmp_path: Path):
    run("rclone", "copy", "source", "box:mirror/here")
    run("rclone", "check", "source", "box:mirror/here")
    assert "  3500000 here/large\n" in run("rclone", "ls", "box:mirror")
    run("rclone", "sync", "box:mirror/here", "back")
    run("diff", "-r", "source", "back")

    run("rclone", "moveto", "box:mirror/here/large", "box:mirror/here/moved")
    run("rclone", "check", "source", "box:mirror/here", status=1)
    (tmp_path / "source/large").rename(tmp_path / "source/moved")
    (tmp_path / "source/empty").unlink()
    run("rclone", "sync", "source", "box:mirror/here")
    run("rclone", "check", "source", "box:mirror/here")

    run("rclone", "purge", "box:mirror")
    assert run("rclone", "ls", "box:mirror_segments") == ""


def test_restic_backs_up_checks_prunes_and_restores(run: Run, tmp_path: Path):
    run("restic", "init")
    run("restic", "backup", "source")
    (tmp_path / "source/new").write_bytes(os.urandom(100_000))
    (tmp_path / "source/empty").unlink()
    run("restic", "backup", "source")
    run("restic", "check", "--read-data")
    run("restic", "forget", "--keep-last", "1", "--prune")
    run("restic", "check", "--read-data")

    run("restic", "restore", "latest", "--target", "back")

    run("diff", "-r", "source", "back/source")
    assert len(json.loads(run("restic", "snapshots", "--json"))) == 1


def test_openstack_keeps_containers_and_objects(run: Run, store: ObjectProcess, tmp_path: Path):
    def openstack(*arguments: str) -> str:
        login = (
            "--os-auth-type",
            "admin_token",
            "--os-token",
            store.token,
            "--os-endpoint",
            store.url,
        )
        return run(str(Path(sys.executable).parent / "openstack"), *login, *arguments)

    openstack("container", "create", "shelf")
    openstack("object", "create", "shelf", "source/large")
    openstack("object", "set", "--property", "Color=blue", "shelf", "source/large")
    openstack("object", "save", "--file", "back", "shelf", "source/large")

    assert (tmp_path / "back").read_bytes() == (tmp_path / "source/large").read_bytes()
    assert json.loads(openstack("object", "list", "shelf", "-f", "json")) == [
        {"Name": "source/large"}
    ]
    shown = json.loads(openstack("object", "show", "shelf", "source/large", "-f", "json"))
    assert (shown["content-length"], shown["properties"]) == ("3500000", {"color": "blue"})
    assert json.loads(openstack("container", "show", "shelf", "-f", "json"))["object_count"] == "1"
    openstack("object", "delete", "shelf", "source/large")
    openstack("container", "delete", "shelf")
    assert {"Name": "shelf"} not in json.loads(openstack("container", "list", "-f", "json"))
