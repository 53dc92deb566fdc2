"""Flat parameters become values, strictly."""

from datetime import UTC, datetime

import pytest

from services.api.ec2 import query, refusals, spellings


def _read(action, **parameters):
    return query.read(action, {key.replace("_", "."): text for key, text in parameters.items()})


def test_lists_may_have_gaps_and_any_depth():
    values = _read(
        "DescribeInstances", InstanceId_7="i-2", InstanceId_1="i-1", InstanceId_10="i-3",
        Filter_1_Name="tag:role", Filter_1_Value_1="web", Filter_1_Value_3="db", MaxResults="5",
    )  # fmt: skip

    assert values == {
        "InstanceIds": ["i-1", "i-2", "i-3"],
        "Filters": [{"Name": "tag:role", "Values": ["web", "db"]}],
        "MaxResults": 5,
    }


def test_values_have_their_types():
    permission = {
        "IpPermissions_1_IpProtocol": "tcp", "IpPermissions_1_FromPort": "22",
        "IpPermissions_1_Groups_1_GroupName": "web",
        "IpPermissions_1_IpRanges_1_CidrIp": "10.0.0.0/8",
    }  # fmt: skip
    (read,) = _read("AuthorizeSecurityGroupIngress", **permission)["IpPermissions"]
    assert read == {
        "IpProtocol": "tcp", "FromPort": 22, "UserIdGroupPairs": [{"GroupName": "web"}],
        "IpRanges": [{"CidrIp": "10.0.0.0/8"}],
    }  # fmt: skip
    assert _read("ImportKeyPair", KeyName="k", PublicKeyMaterial="c3No\ncnNh") == {
        "KeyName": "k", "PublicKeyMaterial": b"sshrsa",
    }  # fmt: skip
    assert _read("DescribeRegions", DryRun="True") == {"DryRun": True}
    assert _read("DescribeInstanceStatus", IncludeAllInstances="0") == {
        "IncludeAllInstances": False
    }


def test_what_botocore_calls_required_is_missed():
    with pytest.raises(refusals.Refused, match="parameter KeyName") as caught:
        _read("CreateKeyPair")
    assert caught.value.code == "MissingParameter"


@pytest.mark.parametrize(
    ("action", "name", "text", "code"),
    [
        ("DescribeInstances", "MaxResults", "many", "InvalidParameterValue"),
        ("DescribeRegions", "DryRun", "perhaps", "InvalidParameterValue"),
        ("ImportKeyPair", "PublicKeyMaterial", "?", "InvalidParameterValue"),
        ("DescribeInstances", "InstanceId", "i-1", "InvalidParameterValue"),
        ("DescribeInstances", "InstanceId.x", "i-1", "UnknownParameter"),
        ("DescribeInstances", "InstanceId.1.Name", "i-1", "UnknownParameter"),
        ("DescribeInstances", "Filter.1.Fish", "i-1", "UnknownParameter"),
        ("DescribeInstances", "Fish", "i-1", "UnknownParameter"),
        ("DescribeInstances", f"InstanceId.{'9' * 5000}", "i-1", "UnknownParameter"),
        ("DescribeInstances", "MaxResults", str(2**31), "InvalidParameterValue"),
        ("DescribeInstances", "MaxResults", "9" * 5000, "InvalidParameterValue"),
        ("DescribeInstances", "MaxResults", "1_0", "InvalidParameterValue"),
        ("CreateKeyPair", "KeyName", "", "MissingParameter"),
        ("DescribeInstances", ".".join(["Filter"] * 20), "i-1", "UnknownParameter"),
    ],
)
def test_what_no_shape_knows_is_refused(action, name, text, code):
    with pytest.raises(refusals.Refused) as caught:
        query.read(action, {name: text})
    assert caught.value.code == code


def test_a_value_that_is_a_tree_too_is_refused():
    for names in (("Filter.1", "Filter.1.Name"), ("Filter.1.Name", "Filter.1")):
        with pytest.raises(refusals.Refused, match="not recognized"):
            query.read("DescribeInstances", dict.fromkeys(names, "x"))


def test_a_list_has_a_limit():
    with pytest.raises(refusals.Refused, match="At most 1000"):
        query.read("DescribeInstances", {f"InstanceId.{n}": "i" for n in range(1, 1002)})


def test_moments_are_utc_unless_they_say_otherwise():
    read = query._scalar("timestamp", "2011-09-22T12:00:00", "T")

    assert read == datetime(2011, 9, 22, 12, tzinfo=UTC)
    assert query._scalar("timestamp", "2011-09-22T12:00:00.000Z", "T") == read


def test_old_spellings_are_new_ones():
    told = {
        "Action": "GetConsoleOutput", "Version": "2014-10-01", "InstanceId.1": "i-1",
        "AWSAccessKeyId": "a", "X-Amz-Date": "d",
    }  # fmt: skip

    assert spellings.renamed("GetConsoleOutput", told) == {"InstanceId": "i-1"}
    assert spellings.renamed("RunInstances", {"AddressingType": "public"}) == {}
