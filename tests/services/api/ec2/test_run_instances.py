"""RunInstances by boto3: what is asked becomes rows, what cannot be is refused by EC2's codes."""

import base64

import pytest
from botocore.exceptions import ClientError

from appliance.db import instances, ports, quotas, volumes
from appliance.model.image import Visibility
from tests.services.api.clouds import Cloud
from tests.services.api.ec2 import clients

ONE = {"MinCount": 1, "MaxCount": 1}


def rows(cloud: Cloud):
    return instances.of_project(cloud.db, cloud.project_id())


def refused(call, **asked) -> str:
    with pytest.raises(ClientError) as raised:
        call(**asked)
    return str(raised.value.response["Error"]["Code"])


def test_an_image_goes_by_its_name(cloud):
    ec2 = clients.boto3_client(cloud)
    image_id = cloud.add_image(name="ami-tiny")
    (image,) = ec2.describe_images()["Images"]

    reservation = ec2.run_instances(ImageId="ami-tiny", InstanceType="m1.tiny", **ONE)

    (row,) = rows(cloud)
    (shown,) = reservation["Instances"]
    assert row.image_id == image_id
    assert shown["ImageId"] == image["ImageId"]
    assert (shown["State"], shown["InstanceType"]) == ({"Code": 0, "Name": "pending"}, "m1.tiny")
    assert reservation["ReservationId"] == row.reservation_id
    assert reservation["OwnerId"] == cloud.project_id()
    assert cloud.messages("scheduler") == [("select_host", row.id)]


def test_ones_own_image_comes_before_others_of_its_name(cloud):
    own = cloud.add_image(
        name="ami-tiny", project_id=cloud.project_id(), visibility=Visibility.PRIVATE,
        created_at="2026-01-01T00:00:00.000000Z",
    )  # fmt: skip
    cloud.add_image(name="ami-tiny")

    clients.boto3_client(cloud).run_instances(ImageId="ami-tiny", **ONE)

    assert [row.image_id for row in rows(cloud)] == [own]


def test_everything_asked_for_is_in_the_rows(cloud):
    ec2 = clients.boto3_client(cloud)
    cloud.add_host()
    cloud.add_image(name="kernel", container_format="aki", disk_format="aki")
    cloud.add_image(name="ramdisk", container_format="ari", disk_format="ari")
    cloud.add_image(name="ami-tiny")
    ec2.create_key_pair(KeyName="test")
    group_id = ec2.create_security_group(GroupName="web", Description="web")["GroupId"]
    id_by_name = {one["Name"]: one["ImageId"] for one in ec2.describe_images()["Images"]}

    reservation = ec2.run_instances(
        ImageId="ami-tiny", InstanceType="m1.small", KeyName="test", UserData="#!/bin/sh\n",
        KernelId=id_by_name["kernel"], RamdiskId=id_by_name["ramdisk"],
        SecurityGroupIds=[group_id], SecurityGroups=["default"],
        Placement={"AvailabilityZone": "nova"}, MinCount=1, MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": [
            {"Key": "Name", "Value": "web-1"}, {"Key": "role", "Value": "web"}]}],
        BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 2}}],
    )  # fmt: skip

    (row,) = rows(cloud)
    assert (row.name, row.flavor_name, row.key_name, row.zone) == (
        "web-1", "m1.small", "test", "nova",
    )  # fmt: skip
    assert row.user_data == base64.b64encode(b"#!/bin/sh\n").decode()
    (port,) = ports.of_instance(cloud.db, row.id)
    assert len(port.security_group_ids) == 2
    (volume,) = volumes.of_instance(cloud.db, row.id)
    assert (volume.size_gib, volume.device, volume.is_deleted_with_instance) == (2, "/dev/sdf", 1)
    (shown,) = reservation["Instances"]
    assert shown["KernelId"] == id_by_name["kernel"]
    assert shown["RamdiskId"] == id_by_name["ramdisk"]
    assert {tag["Key"]: tag["Value"] for tag in shown["Tags"]} == {"Name": "web-1", "role": "web"}
    assert {group["GroupName"] for group in shown["SecurityGroups"]} == {"web", "default"}
    (device,) = shown["BlockDeviceMappings"]
    assert (device["DeviceName"], device["Ebs"]["Status"]) == ("/dev/sdf", "attaching")
    assert shown["Placement"]["AvailabilityZone"] == "nova"


def test_a_dry_run_leaves_nothing(cloud):
    cloud.add_image(name="ami-tiny")
    before = cloud.counts()

    with pytest.raises(ClientError) as raised:
        clients.boto3_client(cloud).run_instances(ImageId="ami-tiny", DryRun=True, **ONE)

    assert raised.value.response["Error"]["Code"] == "DryRunOperation"
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert cloud.counts() == before
    assert cloud.messages("scheduler") == []


def test_the_same_token_is_the_same_reservation(cloud):
    cloud.add_image(name="ami-tiny")
    ec2 = clients.boto3_client(cloud)
    asked = {"ImageId": "ami-tiny", "ClientToken": "once", **ONE}

    first, second = ec2.run_instances(**asked), ec2.run_instances(**asked)

    assert first["ReservationId"] == second["ReservationId"]
    assert len(rows(cloud)) == 1
    assert (
        refused(ec2.run_instances, **asked | {"InstanceType": "m1.tiny"})
        == "IdempotentParameterMismatch"
    )


def test_as_many_run_as_there_is_room_for_and_at_least_the_least(cloud):
    cloud.add_image(name="ami-tiny")
    with cloud.db.transaction() as tx:
        quotas.put(tx, cloud.project_id(), "instances", 3)
    ec2 = clients.boto3_client(cloud)

    reservation = ec2.run_instances(
        ImageId="ami-tiny", InstanceType="m1.tiny", MinCount=2, MaxCount=5
    )

    assert [one["AmiLaunchIndex"] for one in reservation["Instances"]] == [0, 1, 2]
    assert (
        refused(ec2.run_instances, ImageId="ami-tiny", InstanceType="m1.tiny", **ONE)
        == "InstanceLimitExceeded"
    )


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"ImageId": "ami-0000ffff"}, "InvalidAMIID.NotFound"),
        ({"ImageId": "ami-tinny"}, "InvalidAMIID.Malformed"),
        ({"KernelId": "aki-0000ffff"}, "InvalidAMIID.NotFound"),
        ({"KeyName": "lost"}, "InvalidKeyPair.NotFound"),
        ({"InstanceType": "m9.huge"}, "InvalidParameterValue"),
        ({"SecurityGroups": ["lost"]}, "InvalidGroup.NotFound"),
        ({"SecurityGroupIds": ["sg-0000ffff"]}, "InvalidGroup.NotFound"),
        ({"Placement": {"AvailabilityZone": "moon"}}, "InvalidParameterValue"),
        ({"Placement": {"GroupName": "near"}}, "UnsupportedOperation"),
        ({"Monitoring": {"Enabled": True}}, "UnsupportedOperation"),
        ({"SubnetId": "subnet-1"}, "UnsupportedOperation"),
        ({"MinCount": 3, "MaxCount": 2}, "InvalidParameterValue"),
        (
            {"BlockDeviceMappings": [{"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"}]},
            "UnsupportedOperation",
        ),
        (
            {"BlockDeviceMappings": [{"DeviceName": "/dev/sdb", "Ebs": {"SnapshotId": "snap-1"}}]},
            "InvalidSnapshotID.Malformed",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_its_code(cloud, asked, code):
    cloud.add_image(name="ami-tiny")
    ec2 = clients.boto3_client(cloud)
    before = cloud.counts()

    assert refused(ec2.run_instances, **{"ImageId": "ami-tiny", **ONE, **asked}) == code
    assert cloud.counts()["instances"] == before["instances"]
