"""Tags by boto3, on whatever has an id."""

import botocore.exceptions
import pytest

from appliance.db import ec2_ids
from tests.services.api.ec2 import clients


def _code(ask, **values):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        ask(**values)
    return caught.value.response["Error"]["Code"]


@pytest.fixture
def ec2(cloud):
    return clients.boto3_client(cloud)


@pytest.fixture
def instance(cloud):
    return ec2_ids.of(cloud.db, "i", cloud.run()["id"])


@pytest.fixture
def group(ec2):
    return ec2.create_security_group(GroupName="web", Description="d")["GroupId"]


def _tags(ec2, **values):
    return [
        (tag["ResourceType"], tag["Key"], tag["Value"])
        for tag in ec2.describe_tags(**values)["Tags"]
    ]


def test_tags_are_written_described_and_deleted(ec2, instance, group):
    pairs = [{"Key": "role", "Value": "web"}, {"Key": "empty", "Value": ""}]
    ec2.create_tags(Resources=[instance, group], Tags=pairs)
    ec2.create_tags(Resources=[instance], Tags=[{"Key": "role", "Value": "db"}])

    assert sorted(_tags(ec2)) == [
        ("instance", "empty", ""), ("instance", "role", "db"),
        ("security-group", "empty", ""), ("security-group", "role", "web"),
    ]  # fmt: skip
    for name, value, expected in (
        ("resource-id", instance, 2), ("resource-type", "security-group", 2), ("key", "role", 2),
        ("value", "d*", 1), ("tag:role", "web", 1),
    ):  # fmt: skip
        assert len(_tags(ec2, Filters=[{"Name": name, "Values": [value]}])) == expected, name
    ec2.delete_tags(Resources=[instance], Tags=[{"Key": "role", "Value": "web"}])  # another value
    assert len(_tags(ec2)) == 4
    ec2.delete_tags(Resources=[instance], Tags=[{"Key": "role"}, {"Key": "none"}])
    ec2.delete_tags(Resources=[group])
    assert _tags(ec2) == [("instance", "empty", "")]


def test_tags_come_in_pages(ec2, instance, group):
    pairs = [{"Key": f"k{number}", "Value": ""} for number in range(5)]
    ec2.create_tags(Resources=[instance, group], Tags=pairs)

    pages = ec2.get_paginator("describe_tags").paginate(PaginationConfig={"PageSize": 3})

    seen = [(tag["ResourceId"], tag["Key"]) for page in pages for tag in page["Tags"]]
    assert (len(seen), len(set(seen))) == (10, 10)


def test_a_tag_may_come_with_what_it_is_on(ec2):
    tags = [{"Key": "role", "Value": "web"}]
    made = ec2.create_security_group(
        GroupName="web", Description="d",
        TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}],
    )  # fmt: skip

    assert made["Tags"] == tags
    (shown,) = ec2.describe_security_groups(GroupNames=["web"])["SecurityGroups"]
    assert shown["Tags"] == tags


def test_tags_go_with_what_they_are_on(ec2, group):
    ec2.create_tags(Resources=[group], Tags=[{"Key": "role", "Value": "web"}])

    ec2.delete_security_group(GroupId=group)

    assert _tags(ec2) == []


def test_what_cannot_be_is_refused_and_nothing_is_written(cloud, ec2, instance, group):
    def code(resources, *pairs):
        tags = [{"Key": key, "Value": value} for key, value in pairs]
        return _code(ec2.create_tags, Resources=resources, Tags=tags)

    assert code([instance, "i-0000ffff"], ("a", "b")) == "InvalidInstanceID.NotFound"
    assert code([instance, "sg-1"], ("a", "b")) == "InvalidGroupId.Malformed"
    assert code(["fish-1"], ("a", "b")) == "InvalidID"
    assert code([instance], ("", "b")) == "InvalidParameterValue"
    assert code([instance], ("a" * 129, "b")) == "InvalidParameterValue"
    assert code([instance], ("a", "b" * 257)) == "InvalidParameterValue"
    assert code([instance], ("AWS:x", "b")) == "InvalidParameterValue"
    assert code([group, instance], *((f"k{n}", "") for n in range(51))) == "TagLimitExceeded"
    image = ec2_ids.of(cloud.db, "ami", cloud.add_image())  # public, and admin's
    assert code([instance, image], ("a", "b")) == "UnauthorizedOperation"
    assert _code(ec2.describe_tags, Filters=[{"Name": "x", "Values": []}]) == (
        "InvalidParameterValue"
    )
    assert _tags(ec2) == []


def test_tags_of_another_project_are_its_own(cloud, ec2, group):
    other = clients.boto3_client(cloud, "admin")
    ec2.create_tags(Resources=[group], Tags=[{"Key": "role", "Value": "web"}])

    assert _tags(other) == []
    assert _code(other.create_tags, Resources=[group], Tags=[{"Key": "a", "Value": "b"}]) == (
        "UnauthorizedOperation"
    )
