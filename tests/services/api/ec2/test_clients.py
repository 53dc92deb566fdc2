"""Clients of three generations reach the API, each signing in its own way."""

import pytest

from tests.services.api.ec2 import boto2, clients


@pytest.mark.parametrize("version", ["v2", "v4"])
@pytest.mark.parametrize("region", ["RegionOne", "us-east-1", "undefined-4711"])
def test_boto3_signs_by_either_version_for_any_region(cloud, version, region):
    ec2 = clients.boto3_client(cloud, version=version, region=region)

    (told,) = ec2.describe_regions()["Regions"]

    assert told["RegionName"] == "RegionOne"
    assert told["Endpoint"] == "http://127.0.0.1:8774/services/Cloud"


@boto2.needed
@pytest.mark.parametrize(
    "options", [{"version": "v2"}, {"version": "v2", "digest": "sha1"}, {"version": "v4"}]
)
def test_boto_2_signs_by_either_version(cloud, options):
    ec2 = boto2.connect(cloud, **options)

    assert [region.name for region in ec2.get_all_regions()] == ["RegionOne"]
    assert [group.name for group in ec2.get_all_security_groups()] == ["default"]


@boto2.needed
def test_boto_2_makes_keys_groups_and_tags(cloud):
    ec2 = boto2.connect(cloud)

    assert ec2.create_key_pair("test").material.startswith("-----BEGIN RSA")
    assert [pair.name for pair in ec2.get_all_key_pairs(["test"])] == ["test"]
    assert ec2.delete_key_pair("test") is True
    group = ec2.create_security_group("web", "of the web")
    assert group.authorize("tcp", 22, 22, "0.0.0.0/0") is True
    assert group.authorize(src_group=group) is True
    assert ec2.authorize_security_group_deprecated(
        "web", ip_protocol="icmp", from_port=-1, to_port=-1, cidr_ip="10.0.0.0/8"
    ) is True  # fmt: skip
    (shown,) = ec2.get_all_security_groups(["web"])
    told = [(rule.ip_protocol, rule.from_port, rule.to_port) for rule in shown.rules]
    assert told == [("tcp", "22", "22"), ("-1", None, None), ("icmp", "-1", "-1")]
    assert ec2.create_tags([group.id], {"role": "web"}) is True
    (tag,) = ec2.get_all_tags()
    assert (tag.res_id, tag.res_type, tag.name, tag.value) == (
        group.id, "security-group", "role", "web",
    )  # fmt: skip
    assert ec2.delete_tags([group.id], {"role": "web"}) is True
    assert shown.revoke("tcp", 22, 22, "0.0.0.0/0") is True
    assert group.delete() is True
