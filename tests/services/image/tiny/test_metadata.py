"""The guest's own script, run by the host's busybox against a server and a folder."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from services.image.tiny import ramdisk

SCRIPT = ramdisk.ROOTFS / "lib/tiny/metadata"
KEY = "ssh-ed25519 AAAAC3Nza+/= me@home"
OTHER_KEY = "ssh-rsa AAAAB3 you"
OPENSTACK = {
    "uuid": "83679162-1378-4288-a2d4-70e13ec132aa",
    "hostname": "walker.novalocal",
    "devices": [],
    "meta": {'odd "name"': "a\\b, {c} [d]: \u00e9"},
    "public_keys": {"test": KEY + "\n", "two words": OTHER_KEY},
    "launch_index": 0,
}
EC2 = {
    "instance-id": "i-0000002a",
    "local-hostname": "walker.novalocal",
    "public-keys": {"0": {"openssh-key": KEY}},
}
SERVED = {
    "/latest/meta-data/instance-id": "i-0000002a",
    "/latest/meta-data/local-hostname": "walker.novalocal",
    "/latest/meta-data/public-keys/": "0=test\n1=two",
    "/latest/meta-data/public-keys/0/openssh-key": KEY,
    "/latest/meta-data/public-keys/1/openssh-key": OTHER_KEY + "\n",
    "/latest/user-data": "#!/bin/sh\necho hi\n",
}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        text = SERVED.get(self.path)
        if text is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def told(tmp_path: Path) -> Path:
    if shutil.which("busybox") is None:
        pytest.skip("busybox is not installed")
    return tmp_path / "told"


def test_the_metadata_service_is_read(url: str, told: Path) -> None:
    assert _ask("http", url, told) == 0

    assert {
        "instance-id": "i-0000002a",
        "hostname": "walker\n",
        "authorized_keys": f"{KEY}\n{OTHER_KEY}\n",
        "user-data": "#!/bin/sh\necho hi\n",
    } == _files(told)


def test_no_answer_is_no_instance(told: Path) -> None:
    assert _ask("http", "http://127.0.0.1:9", told) == 1


def test_a_drive_with_the_openstack_tree_is_read(tmp_path: Path, told: Path) -> None:
    drive = _drive(tmp_path, openstack=OPENSTACK)

    assert _ask("drive", str(drive), told) == 0

    files = _files(told)
    assert f"{OPENSTACK['uuid']}\n" == files["instance-id"]
    assert files["hostname"] == "walker\n"
    assert [line.strip() for line in files["authorized_keys"].splitlines()] == [KEY, OTHER_KEY]
    assert files["user-data"] == "#!/bin/sh\nopenstack\n"


def test_a_drive_with_both_trees_has_the_id_the_service_would_say(
    tmp_path: Path, told: Path
) -> None:
    drive = _drive(tmp_path, openstack=OPENSTACK, ec2=EC2)

    assert _ask("drive", str(drive), told) == 0

    assert _files(told)["instance-id"] == "i-0000002a\n"


def test_a_drive_with_the_ec2_tree_alone_is_enough(tmp_path: Path, told: Path) -> None:
    drive = _drive(tmp_path, ec2=EC2)

    assert _ask("drive", str(drive), told) == 0

    files = _files(told)
    assert f"{KEY}\n" == files["authorized_keys"]
    assert files["user-data"] == "#!/bin/sh\nec2\n"


@pytest.mark.parametrize("document", ["", "{", "[1, [2, {}]]", '{"uuid": ""}', "nonsense"])
def test_a_broken_drive_is_no_instance(tmp_path: Path, told: Path, document: str) -> None:
    drive = tmp_path / "drive"
    (drive / "openstack/latest").mkdir(parents=True)
    (drive / "openstack/latest/meta_data.json").write_text(document)

    assert _ask("drive", str(drive), told) == 1


def _ask(source: str, where: str, told: Path) -> int:
    done = subprocess.run(
        ["busybox", "sh", str(SCRIPT), source, where, str(told)], timeout=30, check=False
    )
    return done.returncode


def _files(told: Path) -> dict[str, str]:
    names = ("instance-id", "hostname", "authorized_keys", "user-data")
    return {name: (told / name).read_text() for name in names}


def _drive(
    tmp_path: Path,
    *,
    openstack: dict[str, object] | None = None,
    ec2: dict[str, object] | None = None,
) -> Path:
    trees = (
        ("openstack", openstack, "meta_data.json", "user_data"),
        ("ec2", ec2, "meta-data.json", "user-data"),
    )
    drive = tmp_path / "drive"
    for tree, document, metadata, user_data in trees:
        if document is not None:
            folder = drive / tree / "latest"
            folder.mkdir(parents=True)
            (folder / metadata).write_text(json.dumps(document))
            (folder / user_data).write_text(f"#!/bin/sh\n{tree}\n")
    return drive
