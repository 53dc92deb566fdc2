"""Security groups by boto3."""

import botocore.exceptions
import pytest

from tests.services.api.ec2 import clients, raw

ANYWHERE = [{"CidrIp": "0.0.0.0/0"}]


def _code(ask, **values):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        ask(**values)
    return caught.value.response["Error"]["Code"]


def _permissions(ec2, group_id):
    (group,) = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    return group["IpPermissions"]


@pytest.fixture
def ec2(cloud):
    return clients.boto3_client(cloud)


@pytest.fixture
def web(ec2):
    return ec2.create_security_group(GroupName="web", Description="of the web")["GroupId"]


def test_the_default_group_lets_its_members_in_and_everything_out(cloud, ec2):
    (group,) = ec2.describe_security_groups()["SecurityGroups"]

    pair = {
        "GroupId": group["GroupId"], "GroupName": "default", "UserId": cloud.project_id(),
    }  # fmt: skip
    assert (group["GroupName"], group["OwnerId"]) == ("default", cloud.project_id())
    (inward,) = group["IpPermissions"]
    assert (inward["IpProtocol"], inward["UserIdGroupPairs"]) == ("-1", [pair])
    (outward,) = group["IpPermissionsEgress"]
    assert outward["IpRanges"] == ANYWHERE
    assert outward["Ipv6Ranges"] == [{"CidrIpv6": "::/0"}]


def test_a_group_is_opened_told_to_hosts_and_closed(cloud, ec2, web):
    cloud.add_host()
    ssh = {
        "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
        "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "us"}, *ANYWHERE],
        "UserIdGroupPairs": [{"GroupId": web}],
    }  # fmt: skip

    assert ec2.authorize_security_group_ingress(GroupId=web, IpPermissions=[ssh])["Return"]

    (shown,) = _permissions(ec2, web)
    assert shown == ssh | {
        "Ipv6Ranges": [], "PrefixListIds": [],
        "UserIdGroupPairs": [
            {"GroupId": web, "GroupName": "web", "UserId": cloud.project_id()}
        ],
    }  # fmt: skip
    assert cloud.messages("network.box1") == [("refresh", "all")]
    assert ec2.revoke_security_group_ingress(GroupId=web, IpPermissions=[ssh])["Return"]
    assert _permissions(ec2, web) == []


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        (("tcp", 22, 80), ("tcp", 22, 80)),
        (("6", 22, 22), ("tcp", 22, 22)),
        (("udp", 0, 65535), ("udp", 0, 65535)),
        (("tcp", 0, 80), ("tcp", 1, 80)),
        (("tcp", -1, -1), ("tcp", 0, 65535)),
        (("icmp", -1, -1), ("icmp", -1, -1)),
        (("icmp", 8, -1), ("icmp", 8, -1)),
        (("-1", None, None), ("-1", None, None)),
        (("-1", 0, 65535), ("-1", None, None)),
        (("47", None, None), ("47", None, None)),
    ],
)
def test_protocols_and_ports_come_back_and_go(ec2, web, asked, shown):
    names = ("IpProtocol", "FromPort", "ToPort")
    permission = {name: one for name, one in zip(names, asked, strict=True) if one is not None}
    permission["IpRanges"] = ANYWHERE

    ec2.authorize_security_group_ingress(GroupName="web", IpPermissions=[permission])

    (found,) = _permissions(ec2, web)
    assert tuple(found.get(name) for name in names) == shown
    ec2.revoke_security_group_ingress(GroupId=web, IpPermissions=[found])
    assert _permissions(ec2, web) == []


def test_old_clients_send_a_permission_flat(cloud, ec2, web):
    flat = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}
    answer = raw.ask(cloud, "AuthorizeSecurityGroupIngress", GroupName="web", **flat)
    assert "<return>true</return>" in answer.text
    ec2.authorize_security_group_ingress(
        GroupName="web", SourceSecurityGroupName="default",
        SourceSecurityGroupOwnerId=cloud.project_id(),
    )  # fmt: skip

    first, second = _permissions(ec2, web)

    assert first["IpRanges"] == ANYWHERE
    assert (second["IpProtocol"], second["UserIdGroupPairs"][0]["GroupName"]) == ("-1", "default")


def test_all_is_opened_or_nothing(ec2, web):
    good = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": ANYWHERE}
    ec2.authorize_security_group_ingress(GroupId=web, IpPermissions=[good])
    other = good | {"FromPort": 21}

    authorize = ec2.authorize_security_group_ingress
    assert _code(authorize, GroupId=web, IpPermissions=[other, good]) == (
        "InvalidPermission.Duplicate"
    )
    revoke = ec2.revoke_security_group_ingress
    assert _code(revoke, GroupId=web, IpPermissions=[good, other]) == "InvalidPermission.NotFound"
    (shown,) = _permissions(ec2, web)
    assert shown["FromPort"] == 22


def test_what_may_leave_is_a_permission_too(ec2, web):
    everything = {"IpProtocol": "-1", "IpRanges": ANYWHERE}
    ec2.revoke_security_group_egress(GroupId=web, IpPermissions=[everything])
    dns = {"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "IpRanges": ANYWHERE}
    ec2.authorize_security_group_egress(GroupId=web, IpPermissions=[dns])

    (group,) = ec2.describe_security_groups(GroupIds=[web])["SecurityGroups"]

    told = [(one["IpProtocol"], one["IpRanges"]) for one in group["IpPermissionsEgress"]]
    assert told == [("-1", []), ("udp", ANYWHERE)]


def test_groups_are_found_by_name_filter_and_tag(ec2, web):
    ec2.authorize_security_group_ingress(
        GroupId=web, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="10.0.0.0/8"
    )
    ec2.create_tags(Resources=[web], Tags=[{"Key": "role", "Value": "web"}])

    def names(**values):
        found = ec2.describe_security_groups(**values)["SecurityGroups"]
        return [group["GroupName"] for group in found]

    assert names(GroupNames=["web"]) == ["web"]
    for name, value in {
        "group-name": "w*", "group-id": web, "ip-permission.cidr": "10.*",
        "ip-permission.to-port": "22", "ip-permission.protocol": "tcp", "tag:role": "web",
        "tag-key": "role", "description": "of the web",
    }.items():  # fmt: skip
        assert names(Filters=[{"Name": name, "Values": [value]}]) == ["web"], name


def test_groups_come_in_pages(cloud, web):
    seen, token = [], {}
    for _ in range(2):
        answer = raw.ask(cloud, "DescribeSecurityGroups", MaxResults=1, **token)
        root = clients.check(answer)
        seen += [one.text for one in root.iterfind("{*}securityGroupInfo/{*}item/{*}groupName")]
        token = {"NextToken": root.findtext("{*}nextToken")}

    assert sorted(seen) == ["default", "web"]
    assert token == {"NextToken": None}
    answer = raw.ask(cloud, "DescribeSecurityGroups", MaxResults=1, GroupId_1=web)
    assert raw.refusal(answer) == (400, "InvalidParameterCombination")


def test_a_group_in_use_stays(cloud, ec2, web):
    cloud.run(security_groups=[{"name": "web"}])

    assert _code(ec2.delete_security_group, GroupId=web) == "DependencyViolation"
    assert _code(ec2.delete_security_group, GroupName="default") == "CannotDelete"


def test_a_group_of_another_project_is_none(cloud, web):
    other = clients.boto3_client(cloud, "admin")

    assert _code(other.describe_security_groups, GroupIds=[web]) == "InvalidGroup.NotFound"
    assert _code(other.delete_security_group, GroupId=web) == "InvalidGroup.NotFound"


def test_what_cannot_be_is_refused(cloud, ec2, web):
    make, authorize = ec2.create_security_group, ec2.authorize_security_group_ingress
    tcp = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2}

    assert _code(make, GroupName="web", Description="d") == "InvalidGroup.Duplicate"
    assert _code(make, GroupName="x", Description="d", VpcId="vpc-1") == "UnsupportedOperation"
    assert _code(make, GroupName="x" * 256, Description="d") == "InvalidParameterValue"
    assert _code(make, GroupName="", Description="d") == "MissingParameter"
    for number in range(8):
        make(GroupName=f"g{number}", Description="d")
    assert _code(make, GroupName="g9", Description="d") == "SecurityGroupLimitExceeded"
    assert _code(ec2.delete_security_group, GroupId="sg-0000ffff") == "InvalidGroup.NotFound"
    assert _code(ec2.delete_security_group, GroupId="web") == "InvalidGroupId.Malformed"
    assert _code(ec2.delete_security_group) == "MissingParameter"
    assert _code(authorize, GroupId=web) == "MissingParameter"
    assert _code(authorize, GroupId=web, IpPermissions=[tcp]) == "MissingParameter"
    assert _code(authorize, GroupId=web, CidrIp="0.0.0.0/0") == "MissingParameter"
    for change, code in (
        ({"IpRanges": [{"CidrIp": "10.0.0.0/40"}]}, "InvalidParameterValue"),
        ({"IpRanges": [{"CidrIp": "fd00::/8"}]}, "InvalidParameterValue"),
        ({"IpRanges": ANYWHERE, "FromPort": 3}, "InvalidParameterValue"),
        ({"IpRanges": ANYWHERE, "FromPort": -5}, "InvalidParameterValue"),
        ({"IpRanges": [ANYWHERE[0] | {"Description": "d" * 256}]}, "InvalidParameterValue"),
        ({"IpRanges": ANYWHERE, "IpProtocol": "pigeon"}, "InvalidParameterValue"),
        ({"UserIdGroupPairs": [{"GroupName": "none"}]}, "InvalidGroup.NotFound"),
        ({"UserIdGroupPairs": [{"GroupName": "web", "UserId": "x"}]}, "InvalidGroup.NotFound"),
        ({"PrefixListIds": [{"PrefixListId": "pl-1"}]}, "InvalidPrefixListID.NotFound"),
    ):
        assert _code(authorize, GroupId=web, IpPermissions=[tcp | change]) == code, change
    assert _permissions(ec2, web) == []
