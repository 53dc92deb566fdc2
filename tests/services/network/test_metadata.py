"""The metadata tree: what EC2 and Nova promise, path by path."""

import json
from dataclasses import replace

import pytest

from services.network import metadata

ABOUT = metadata.InstanceMetadata(
    instance_id="11111111-0000-4000-8000-000000000001",
    ec2_id="i-11111111",
    name="Web 1",
    hostname="web-1",
    project_id="red",
    local_ipv4="10.78.0.11",
    mac="fa:16:3e:00:00:0b",
    ami_id="ami-1",
    instance_type="m1.tiny",
    availability_zone="nova",
    reservation_id="r-1",
    security_groups=("default", "web"),
    public_keys={"test": "ssh-ed25519 AAAA test"},
    meta={"role": "web"},
    user_data=b"#!/bin/sh\n\xff",
)


def listing(path: str, about: metadata.InstanceMetadata = ABOUT) -> list[str]:
    return (metadata.answer(about, path) or b"").decode().split("\n")


def test_the_root_lists_the_versions_and_latest() -> None:
    assert listing("/") == [*metadata.EC2_VERSIONS, "latest"]


@pytest.mark.parametrize("version", ["latest", "2009-04-04", "1.0"])
def test_every_version_has_metadata_and_user_data(version: str) -> None:
    assert listing(f"/{version}/") == ["meta-data/", "user-data"]
    assert metadata.answer(ABOUT, f"/{version}/user-data") == b"#!/bin/sh\n\xff"


def test_meta_data_lists_leaves_bare_and_folders_with_a_slash() -> None:
    assert listing("/latest/meta-data/") == [
        "ami-id",
        "ami-launch-index",
        "block-device-mapping/",
        "hostname",
        "instance-action",
        "instance-id",
        "instance-type",
        "local-hostname",
        "local-ipv4",
        "mac",
        "placement/",
        "public-hostname",
        "public-ipv4",
        "public-keys/",
        "reservation-id",
        "security-groups",
    ]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("instance-id", "i-11111111"),
        ("local-hostname", "web-1"),
        ("local-ipv4", "10.78.0.11"),
        ("public-ipv4", ""),
        ("security-groups", "default\nweb"),
        ("placement/availability-zone", "nova"),
        ("public-keys/", "0=test"),
        ("public-keys", "0=test"),
        ("public-keys/0/", "openssh-key"),
        ("public-keys/0/openssh-key", "ssh-ed25519 AAAA test"),
        ("instance-id/", "i-11111111"),
        ("instance-id?x=1", "i-11111111"),
        ("/instance-id", "i-11111111"),
    ],
)
def test_a_guest_reads_its_facts(path: str, text: str) -> None:
    assert metadata.answer(ABOUT, f"/latest/meta-data/{path}") == text.encode()


@pytest.mark.parametrize(
    "path",
    [
        "/latest/meta-data/nothing",
        "/latest/meta-data/instance-id/more",
        "/latest/meta-data/public-keys/1/openssh-key",
        "/latest/meta-data/kernel-id",
        "/latest/../etc/passwd",
        "/2010-01-01/meta-data",
        "/openstack/1999-01-01",
        "/openstack/latest/password",
    ],
)
def test_what_is_not_there_is_none(path: str) -> None:
    assert metadata.answer(ABOUT, path) is None


def test_without_key_and_user_data_neither_is_there() -> None:
    bare = replace(ABOUT, public_keys={}, user_data=None)
    assert metadata.answer(bare, "/latest/user-data") is None
    assert metadata.answer(bare, "/openstack/latest/user_data") is None
    assert metadata.answer(bare, "/latest/meta-data/public-keys/") is None
    assert listing("/latest/", bare) == ["meta-data/"]


def test_openstacks_document_has_the_key_under_both_names() -> None:
    document = json.loads(metadata.answer(ABOUT, "/openstack/latest/meta_data.json") or b"")
    assert document["uuid"] == ABOUT.instance_id
    assert document["public_keys"] == {"test": "ssh-ed25519 AAAA test"}
    assert document["keys"] == [{"name": "test", "type": "ssh", "data": "ssh-ed25519 AAAA test"}]
    assert (document["meta"], document["hostname"]) == ({"role": "web"}, "web-1")
    assert listing("/openstack") == [*metadata.OPENSTACK_VERSIONS, "latest"]
    assert listing("/openstack/latest/") == ["meta_data.json", "user_data", "vendor_data.json"]


def test_reading_the_key_is_told_from_other_reads() -> None:
    assert metadata.is_key("/2009-04-04/meta-data/public-keys/0/openssh-key")
    assert metadata.is_key("/openstack/latest/meta_data.json")
    assert not metadata.is_key("/latest/meta-data/instance-id")
