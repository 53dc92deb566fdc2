"""The drive is read back by a reader of ECMA-119 written for the test, as a guest would."""

import base64
import json
import struct

import pytest

from services.compute import config_drive, iso9660
from tests.appliance import rows


def read(image: bytes, *, sector: int | None = None, path: str = "") -> dict[str, bytes]:
    """All files below the directory in `sector` (the root's) by path."""
    if sector is None:
        sector = struct.unpack_from("<I", image, 16 * 2048 + 156 + 2)[0]
    files: dict[str, bytes] = {}
    at = sector * 2048
    while length := image[at]:
        start, size = struct.unpack_from("<I4xI", image, at + 2)
        name = image[at + 33 : at + 33 + image[at + 32]].decode()
        if image[at + 25] & 2 and name not in "\0\1":
            files |= read(image, sector=start, path=f"{path}{name}/")
        elif not image[at + 25] & 2:
            content = image[start * 2048 : start * 2048 + size]
            files[path + name.removesuffix(";1")] = content
        at += length
    return files


def test_files_come_back_as_they_went_in() -> None:
    files = {"a/b/c.txt": b"x" * 5000, "a/d": b"", "top_level": b"1"}
    image = iso9660.image(files, label="config-2")

    assert read(image) == files
    assert image[0x8001:0x8006] == b"CD001"
    assert image[0x8028:0x8048].rstrip() == b"config-2"
    assert struct.unpack_from("<I", image, 0x8050)[0] * 2048 == len(image)


def test_a_folder_too_full_is_refused() -> None:
    with pytest.raises(ValueError, match="too many entries"):
        iso9660.image({f"a/file-{n:03}": b"" for n in range(60)}, label="x")


def test_the_drive_tells_a_guest_who_it_is() -> None:
    instance = rows.instance(
        name="Web 1", key_name="test", public_key="ssh-ed25519 AAAA",
        user_data=base64.b64encode(b"#!/bin/sh\n").decode(),
    )  # fmt: skip
    files = read(config_drive.image(instance, metadata={"role": "db"}, zone="nova"))
    document = json.loads(files["openstack/latest/meta_data.json"])

    assert document["uuid"] == instance.id
    assert (document["name"], document["hostname"]) == ("Web 1", "web-1")
    assert document["public_keys"] == {"test": "ssh-ed25519 AAAA"}
    assert (document["meta"], document["availability_zone"]) == ({"role": "db"}, "nova")
    assert files["openstack/latest/user_data"] == b"#!/bin/sh\n"


def test_no_key_and_no_user_data_leave_nothing_of_them() -> None:
    files = read(config_drive.image(rows.instance(), metadata={}, zone="nova"))

    assert list(files) == ["openstack/latest/meta_data.json"]
    assert "public_keys" not in json.loads(files["openstack/latest/meta_data.json"])
