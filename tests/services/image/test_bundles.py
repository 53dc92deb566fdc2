"""A bundle becomes the image that was bundled, or the reason says which of its layers is wrong."""

import dataclasses
import gzip
import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import tracemalloc
from collections.abc import Generator
from pathlib import Path

import pytest

from appliance import errors
from services.image import bundles, certificate, manifests
from tests.services.image import bundling, disks
from tests.services.image.bundling import Made

IMAGE = os.urandom(250_000) + bytes(250_000)


def _reader(made: Made) -> bundles.Bundle:
    def open_part(name: str) -> Generator[bytes]:
        if name not in made.parts:
            raise errors.NotFound("object", name)
        data = made.parts[name]
        for begin in range(0, len(data), 7_000):
            yield data[begin : begin + 7_000]

    return bundles.Bundle(manifests.parse(made.manifest()), open_part, key=made.key, iv=made.iv)


def _unbundled(made: Made) -> bytes:
    reader = _reader(made)
    return b"".join(iter(lambda: reader.read(1 << 16), b""))


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return bundling.bundle(IMAGE, tmp_path)


def test_a_bundle_gives_back_its_image(made: Made):
    assert len(made.parts) > 2
    assert _unbundled(made) == IMAGE


def test_the_cloud_opens_what_was_encrypted_for_its_certificate(made: Made, tmp_path: Path):
    manifest = manifests.parse(made.manifest())
    opener = certificate.Opener(tmp_path)

    opened = opener.open(manifest.encrypted_key), opener.open(manifest.encrypted_iv)

    assert opened == (made.key, made.iv)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/b", "x" * 300])
def test_names_in_the_archive_are_never_used(tmp_path: Path, name: str):
    made = bundling.bundle(IMAGE, tmp_path, archive=bundling.tarred(IMAGE, name=name))

    assert _unbundled(made) == IMAGE


def _flipped(data: bytes) -> bytes:
    return data[:50] + bytes([data[50] ^ 1]) + data[51:]


def test_a_part_that_was_changed_is_named(made: Made):
    for name, data in made.parts.items():
        changed = dataclasses.replace(made, parts=made.parts | {name: _flipped(data)})
        with pytest.raises(errors.BadRequest, match=f"Part {name} of the bundle has SHA-1"):
            _unbundled(changed)


def test_a_part_that_was_cut_is_named(made: Made):
    made.parts["disk.part.01"] = made.parts["disk.part.01"][:-1]

    with pytest.raises(errors.BadRequest, match=r"Part disk\.part\.01 of the bundle"):
        _unbundled(made)


def test_a_part_that_is_not_there_is_named(made: Made):
    del made.parts["disk.part.02"]

    with pytest.raises(errors.NotFound, match=r"Object disk\.part\.02"):
        _unbundled(made)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"digest": "0" * 40}, "archive has SHA-1"),
        ({"size": "499999"}, "has 500000 bytes, not 499999"),
        ({"size": "500001"}, "has 500000 bytes, not 500001"),
        ({"bundled_size": "200000"}, "do not have 200000 bytes"),
        ({"bundled_size": "9000000"}, "do not have 9000000 bytes"),
    ],
)
def test_what_the_manifest_says_is_held_against_the_bundle(made: Made, fields, reason):
    with pytest.raises(errors.BadRequest, match=reason):
        _unbundled(made.saying(**fields))


def test_the_wrong_key_is_found_out(made: Made):
    with pytest.raises(errors.BadRequest, match="they are no encrypted tar archive"):
        _unbundled(dataclasses.replace(made, key=bytes(16)))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE])
def test_an_archive_that_begins_with_no_file_is_refused(tmp_path: Path, kind: bytes):
    archive = bundling.tarred(b"", kind=kind) + bundling.tarred(IMAGE)
    made = bundling.bundle(IMAGE, tmp_path, archive=archive)

    with pytest.raises(errors.BadRequest, match="begins with no file"):
        _unbundled(made)


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (b"", "no encrypted tar archive|begins with no file"),
        (disks.raw(), "no encrypted tar archive|begins with no file"),
        (bundling.tarred(IMAGE)[:400_000], "no encrypted tar archive"),
    ],
)
def test_what_is_no_archive_is_refused(tmp_path: Path, archive: bytes, reason: str):
    with pytest.raises(errors.BadRequest, match=reason):
        _unbundled(bundling.bundle(IMAGE, tmp_path, archive=archive))


def test_bytes_after_the_end_of_gzip_are_refused(made: Made):
    packed = gzip.compress(bundling.tarred(IMAGE)) + b"more"
    whole = bundling.encrypted(packed, key=made.key, iv=made.iv)
    longer = dataclasses.replace(
        made.saying(bundled_size=str(len(whole))),
        digests={"all": bundling.sha1(whole)},
        parts={"all": whole},
    )

    with pytest.raises(errors.BadRequest, match="after the end of gzip"):
        _unbundled(longer)


@pytest.mark.parametrize("where", ["after the image", "in a header"])
def test_a_bomb_ends_where_the_manifest_says_and_costs_no_memory(tmp_path: Path, where: str):
    """100 MB of zeros in 100 kB: as a second member, or as the name of the first."""
    if where == "in a header":
        name = tarfile.TarInfo("././@LongLink")
        name.type, name.size = tarfile.GNUTYPE_LONGNAME, 100_000_000
        archive = name.tobuf() + bytes(100_000_000)
    else:
        archive = bundling.tarred(IMAGE) + bytes(100_000_000)
    made = bundling.bundle(IMAGE, tmp_path, archive=archive)
    del archive
    tracemalloc.start()

    with pytest.raises(errors.TooLarge, match="larger than the image"):
        _unbundled(made)

    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 20_000_000


def test_a_large_image_is_never_in_memory(tmp_path: Path):
    made = bundling.bundle(bytes(100_000_000), tmp_path)
    digest = hashlib.sha1()
    tracemalloc.start()

    reader = _reader(made)
    while chunk := reader.read(1 << 20):
        digest.update(chunk)

    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert digest.hexdigest() == bundling.sha1(bytes(100_000_000))
    assert peak_bytes < 20_000_000


@pytest.mark.skipif(
    not (shutil.which("openssl") and shutil.which("tar") and shutil.which("gzip")),
    reason="openssl, tar or gzip are missing",
)
def test_a_bundle_of_the_programs_that_ec2_ami_tools_runs_is_read(tmp_path: Path):
    """A sparse tar, `gzip -9`, `openssl enc` and `openssl pkeyutl`, as its bundle.rb runs them."""
    image = b"boot" + bytes(3_000_000) + b"data" + bytes(100_000)
    (tmp_path / "disk").write_bytes(b"")
    with (tmp_path / "disk").open("r+b") as sparse:
        for place in (0, 3_000_004):
            sparse.seek(place)
            sparse.write(image[place : place + 4])
        sparse.truncate(len(image))
    certificate.ensure(tmp_path)
    key, iv = os.urandom(16), os.urandom(16)
    archive = _run("tar", "-c", "-h", "-S", "--owner", "0", "--group", "0",
                   "-C", str(tmp_path), "disk")  # fmt: skip
    packed = _run("gzip", "-9", stdin=archive)
    whole = _run("openssl", "enc", "-e", "-aes-128-cbc", "-K", key.hex(), "-iv", iv.hex(),
                 stdin=packed)  # fmt: skip
    for_cloud = ("openssl", "pkeyutl", "-encrypt", "-certin", "-inkey",
                 str(certificate.path(tmp_path)))  # fmt: skip
    made = Made(
        key=key, iv=iv, parts={"disk.part.0": whole},
        digests={"disk.part.0": bundling.sha1(whole)}, machine={"architecture": "i386"},
        fields={
            "name": "disk", "type": "machine", "digest": bundling.sha1(archive),
            "size": str(len(image)), "bundled_size": str(len(whole)),
            "ec2_encrypted_key": _run(*for_cloud, stdin=key.hex().encode()).hex(),
            "ec2_encrypted_iv": _run(*for_cloud, stdin=iv.hex().encode()).hex(),
        },
    )  # fmt: skip
    assert len(archive) < len(image)

    assert _unbundled(made) == image
    opener = certificate.Opener(tmp_path)
    assert opener.open(made.fields["ec2_encrypted_key"]) == key
    assert opener.open(made.fields["ec2_encrypted_iv"]) == iv


def _run(*argv: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(argv, input=stdin, capture_output=True, timeout=60, check=True).stdout


def test_any_chunking_gives_the_same_image(made: Made):
    reader = _reader(made)
    out = io.BytesIO()
    while chunk := reader.read(997):
        out.write(chunk)

    assert out.getvalue() == IMAGE
