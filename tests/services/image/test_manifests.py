"""A manifest is read as bundlers write it, and anything else is refused with a reason."""

from pathlib import Path

import pytest

from appliance import errors
from services.image import manifests
from services.image.manifests import Part
from tests.services.image import bundling
from tests.services.image.bundling import Made


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return bundling.bundle(b"image", tmp_path, part_bytes=64)


def test_a_manifest_says_what_a_bundle_is(made: Made):
    machine = {
        "architecture": "i386", "kernel_id": "aki-00000001", "ramdisk_id": "ari-00000002",
        "block_device_mapping": "<mapping><virtual>ami</virtual><device>sda1</device></mapping>"
        "<mapping><virtual>root</virtual><device>/dev/sda1</device></mapping>",
    }  # fmt: skip

    manifest = manifests.parse(made.on(**machine).manifest())

    assert (manifest.name, manifest.kind, manifest.architecture) == ("disk", "machine", "i386")
    assert (manifest.kernel_id, manifest.ramdisk_id) == ("aki-00000001", "ari-00000002")
    assert manifest.root_device_name == "/dev/sda1"
    assert manifest.size_bytes == 5
    assert manifest.bundled_size_bytes == sum(map(len, made.parts.values()))
    assert manifest.digest == made.fields["digest"]
    assert manifest.parts == tuple(
        Part(filename=name, digest=digest) for name, digest in made.digests.items()
    )


@pytest.mark.parametrize(
    ("kind", "machine", "read"),
    [
        ("kernel", {}, "kernel"),
        ("ramdisk", {}, "ramdisk"),
        ("machine", {"kernel_id": "true"}, "kernel"),  # euca2ools
        ("machine", {"ramdisk_id": "true"}, "ramdisk"),
        ("machine", {"kernel_id": " "}, "machine"),
    ],
)
def test_the_kinds_of_image_are_told_apart(made: Made, kind, machine, read):
    manifest = manifests.parse(made.saying(type=kind).on(**machine).manifest())

    assert (manifest.kind, manifest.kernel_id, manifest.ramdisk_id) == (read, None, None)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"2007-10-10", b"2006-08-15", "only 2007-10-10"),
        (b"manifest>", b"manifesto>", "root element 'manifesto'"),
        (b'algorithm="SHA1"', b'algorithm="MD5"', "only SHA1"),
        (b"AES-128-CBC", b"AES-256-GCM", "only AES-128-CBC"),
        (b"<size>5<", b"<size>-5<", "image/size: '-5' is no number"),
        (b"<size>5<", "<size>\u0665<".encode(), "is no number"),
        (b"<size>5<", b"<size>1" + b"0" * 5000 + b"<", "is no number"),
        (b"<size>5</size>", b"", "has no image/size"),
        (b"<type>machine<", b"<type>toaster<", "type 'toaster'"),
        (b"<architecture>x86_64</architecture>", b"", "no machine_configuration/architecture"),
        (b'index="1"', b'index="0"', "list of parts"),
        (b'count="', b'count="1', "list of parts"),
        (b"</manifest>", b"", "XML"),
    ],
)
def test_what_is_wrong_is_said(made: Made, old: bytes, new: bytes, reason: str):
    document = made.manifest()
    assert old in document

    with pytest.raises(errors.BadRequest, match=reason):
        manifests.parse(document.replace(old, new))


def test_a_digest_that_is_none_is_refused(made: Made):
    with pytest.raises(errors.BadRequest, match="is not hexadecimal"):
        manifests.parse(made.saying(digest="no digest").manifest())


def test_a_bundle_that_is_not_encrypted_is_refused(made: Made):
    """Neither Nova nor Eucalyptus ever read one."""
    document = made.manifest().replace(b"ec2_encrypted_key", b"user_encrypted_key")

    with pytest.raises(errors.BadRequest, match="no image/ec2_encrypted_key"):
        manifests.parse(document)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_never_read(encoding: str):
    laughs = (
        f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE lolz [<!ENTITY a "ha">'
        '<!ENTITY b "&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
        "<manifest><version>&b;&c;</version></manifest>"
    )

    with pytest.raises(errors.BadRequest, match="DOCTYPE"):
        manifests.parse(laughs.encode(encoding))


@pytest.mark.parametrize("document", [b"", b"\xff\xfe", b"disk", b"<manifest/>"])
def test_what_is_no_manifest_is_refused(document: bytes):
    with pytest.raises(errors.BadRequest, match="manifest has"):
        manifests.parse(document)
