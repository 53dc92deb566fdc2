"""The shipped catalogue is well formed, and one's own is laid over it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tui.catalog import entries
from tui.catalog.failure import CatalogInvalid

SHIPPED = entries.load(entries.SHIPPED)  # its own file laid over it: nothing of this machine
MINE = """
[mine]
title = "My own"
os_distro = "mine"
os_version = "1"
user = "me"
url = "http://mirror.lan/mine.qcow2"
algorithm = "sha256"
"""
SHA256 = "0a" * 32


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "images.toml"


def test_the_well_known_ones_are_there() -> None:
    wanted = {"debian-12", "debian-13", "ubuntu-22.04", "ubuntu-24.04", "alpine-3.22"}
    assert wanted | {"cirros-0.6.3", "fedora-43"} <= set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_entry_is_fetched_and_checked_over_tls(name: str) -> None:
    entry = SHIPPED[name]
    image, list_ = urlsplit(entry.url), urlsplit(entry.checksums)
    assert (image.scheme, list_.scheme) == ("https", "https")
    assert entry.algorithm in ("sha256", "sha512")
    # the list is the publisher's: of the same domain, in the image's own folder
    assert image.netloc.split(".")[-2:] == list_.netloc.split(".")[-2:]
    assert image.path.rpartition("/")[0] == list_.path.rpartition("/")[0]
    assert entry.file_name.endswith((".qcow2", ".img"))
    assert "x86_64" in entry.file_name or "amd64" in entry.file_name


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_entry_says_what_the_cloud_and_its_user_need(name: str) -> None:
    entry = SHIPPED[name]
    assert name == f"{entry.os_distro}-{entry.os_version}"
    assert (entry.architecture, entry.disk_format) == ("x86_64", "qcow2")
    assert entry.user
    assert entry.os_version in entry.title
    assert len(entry.title) <= 34
    assert 1 <= entry.min_disk_gib <= 20
    assert 64 <= entry.min_ram_mib <= 2048
    fields = entry.image_fields()
    assert fields["os_admin_user"] == entry.user
    assert fields["hw_disk_bus"] == "virtio"


def test_an_own_entry_is_added(own: Path) -> None:
    own.write_text(f'{MINE}checksum = "{SHA256.upper()}"\nproperties = {{hw_disk_bus = "scsi"}}\n')
    mine = entries.load(own)["mine"]
    assert (mine.file_name, mine.host) == ("mine.qcow2", "mirror.lan")
    assert mine.image_fields()["hw_disk_bus"] == "scsi"


def test_an_own_mirror_keeps_the_publishers_checksums(own: Path) -> None:
    own.write_text('[debian-12]\nurl = "http://mirror.lan/debian-12-genericcloud-amd64.qcow2"\n')
    entry = entries.load(own)["debian-12"]
    assert entry.host == "mirror.lan"
    assert entry.checksums == SHIPPED["debian-12"].checksums


def test_an_own_checksum_takes_the_place_of_the_list(own: Path) -> None:
    own.write_text(f'[debian-12]\nalgorithm = "sha256"\nchecksum = "{SHA256}"\n')
    entry = entries.load(own)["debian-12"]
    assert (entry.checksum, entry.checksums) == (SHA256, "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[debian-12]\nurll = 'x'\n", "entry debian-12: unknown key urll; did you mean url?"),
        ("[debian-12]\nmin_disk_gib = '3'\n", "min_disk_gib cannot be '3'"),
        ("[debian-12]\nmin_ram_mib = -1\n", "min_ram_mib cannot be -1"),
        ("[debian-12]\nurl = 'ftp://a/b.img'\n", "ftp://a/b.img is no URL of http or https"),
        ("[debian-12]\nurl = 'https://a/b/'\n", "https://a/b/ names no file"),
        ("[debian-12]\nalgorithm = 'md5'\n", "algorithm md5 is not one of sha256, sha512"),
        ("[debian-12]\ndisk_format = 'zip'\n", "disk_format zip is not one of qcow2"),
        ("[debian-12]\nproperties = {a = 1}\n", "properties cannot be"),
        ("[debian-12]\nchecksum = 'abc'\n", "checksum is no sha512 of 128 hexadecimal digits"),
        ("[new]\ntitle = 'New'\n", "entry new lacks os_distro, os_version, user, url, algorithm"),
        (MINE, "either checksums, the URL of a list, or checksum"),
        (MINE.replace("[mine]", '["../mine"]'), "small letters, digits"),
        ("title = 'x'\n", 'an entry begins with ["NAME"]'),
        ("[debian-12\n", "is not TOML"),
    ],
)
def test_a_wrong_entry_is_refused_in_words(own: Path, text: str, said: str) -> None:
    own.write_text(text)
    with pytest.raises(CatalogInvalid) as caught:
        entries.load(own)
    assert said in str(caught.value)


def test_a_named_file_must_be_there(own: Path) -> None:
    with pytest.raises(CatalogInvalid, match=r"images\.toml: No such file"):
        entries.load(own)


def test_an_unknown_name_gets_the_nearest_ones() -> None:
    with pytest.raises(CatalogInvalid, match="did you mean debian-12, debian-13"):
        entries.choose(SHIPPED, ["debain-12"])
    with pytest.raises(CatalogInvalid, match=r"there are debian-12, .*fedora-44"):
        entries.choose(SHIPPED, ["plan9"])


def test_a_name_said_twice_is_one_image() -> None:
    assert [SHIPPED["debian-12"]] == entries.choose(SHIPPED, ["debian-12", "debian-12"])
