"""Regions, zones, limits and addresses by boto3."""

import botocore.exceptions
import pytest

from tests.services.api.ec2 import clients


def _code(ask, **values):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        ask(**values)
    return caught.value.response["Error"]["Code"]


def test_there_is_one_region(cloud):
    ec2 = clients.boto3_client(cloud)

    assert len(ec2.describe_regions(RegionNames=["RegionOne"])["Regions"]) == 1
    assert _code(ec2.describe_regions, RegionNames=["us-east-1"]) == "InvalidParameterValue"
    nowhere = [{"Name": "region-name", "Values": ["us-*"]}]
    assert ec2.describe_regions(Filters=nowhere)["Regions"] == []


def test_zones_are_those_of_the_hosts(cloud):
    ec2 = clients.boto3_client(cloud)
    assert ec2.describe_availability_zones()["AvailabilityZones"] == []
    cloud.add_host()

    (zone,) = ec2.describe_availability_zones(ZoneNames=["nova"])["AvailabilityZones"]

    assert (zone["ZoneName"], zone["State"], zone["RegionName"]) == (
        "nova", "available", "RegionOne",
    )  # fmt: skip
    assert _code(ec2.describe_availability_zones, ZoneNames=["mars"]) == "InvalidZone.NotFound"
    down = [{"Name": "state", "Values": ["unavailable"]}]
    assert ec2.describe_availability_zones(Filters=down)["AvailabilityZones"] == []


def test_limits_are_the_projects(cloud):
    ec2 = clients.boto3_client(cloud)

    told = ec2.describe_account_attributes(AttributeNames=["max-instances"])["AccountAttributes"]

    assert told == [
        {"AttributeName": "max-instances", "AttributeValues": [{"AttributeValue": "10"}]}
    ]
    assert _code(ec2.describe_account_attributes, AttributeNames=["x"]) == "InvalidParameterValue"


def test_there_are_no_addresses(cloud):
    ec2 = clients.boto3_client(cloud)

    assert ec2.describe_addresses()["Addresses"] == []
    mine = [{"Name": "instance-id", "Values": ["i-1"]}]
    assert ec2.describe_addresses(Filters=mine)["Addresses"] == []
    assert _code(ec2.describe_addresses, PublicIps=["1.2.3.4"]) == "InvalidAddress.NotFound"
    assert _code(ec2.describe_addresses, AllocationIds=["eipalloc-1"]) == (
        "InvalidAllocationID.NotFound"
    )
