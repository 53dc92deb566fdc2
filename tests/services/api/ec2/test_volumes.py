"""Volumes and snapshots by boto3: made, attached, let go, deleted."""

import pytest
from botocore.exceptions import ClientError

from appliance.db import instances, snapshots, volumes
from appliance.model.states import Event
from appliance.model.volume_states import SnapshotEvent, VolumeEvent
from tests.services.api.clouds import Cloud
from tests.services.api.ec2 import clients


@pytest.fixture
def ec2(cloud):
    return clients.boto3_client(cloud)


def advance(cloud: Cloud, *events: VolumeEvent, **columns: object) -> None:
    """What the workers do to the one volume there is."""
    for event in events:
        with cloud.db.transaction() as tx:
            (row,) = volumes.of_project(tx, cloud.project_id())
            volumes.advance(tx, row, event, **columns)


def available(ec2, cloud: Cloud) -> str:
    """A volume that its worker has made."""
    made = ec2.create_volume(Size=2, AvailabilityZone="nova")
    advance(cloud, VolumeEvent.CREATED)
    return str(made["VolumeId"])


def running(ec2, cloud: Cloud) -> str:
    cloud.add_image(name="ami-tiny")
    cloud.add_host()
    (one,) = ec2.run_instances(ImageId="ami-tiny", MinCount=1, MaxCount=1)["Instances"]
    (row,) = instances.of_project(cloud.db, cloud.project_id())
    cloud.advance(row.id, Event.SCHEDULED, host="box1")
    cloud.advance(row.id, Event.WIRED, Event.SPAWNED)
    return str(one["InstanceId"])


def attached(ec2, cloud: Cloud) -> tuple[str, str]:
    volume, instance = available(ec2, cloud), running(ec2, cloud)
    ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
    advance(cloud, VolumeEvent.EXPORTED, target="127.0.0.1:3260 iqn.2010-10.org.example:1 1")
    advance(cloud, VolumeEvent.ATTACHED)
    return volume, instance


def shown(ec2, **asked):
    (volume,) = ec2.describe_volumes(**asked)["Volumes"]
    return volume


def code_of(call, **asked) -> str:
    with pytest.raises(ClientError) as raised:
        call(**asked)
    return str(raised.value.response["Error"]["Code"])


def tagged(resource_type: str, *keys: str) -> dict:
    return {"ResourceType": resource_type, "Tags": [{"Key": key} for key in keys]}


def test_a_volume_is_promised_and_then_there(ec2, cloud):
    made = ec2.create_volume(
        Size=3, AvailabilityZone="nova",
        TagSpecifications=[
            {"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": "data"}]}
        ],
    )  # fmt: skip

    (row,) = volumes.of_project(cloud.db, cloud.project_id())
    assert (made["State"], made["Size"], made["Tags"]) == (
        "creating", 3, [{"Key": "Name", "Value": "data"}],
    )  # fmt: skip
    assert row.name == "data"
    assert cloud.messages("volume.box1") == [("create", row.id)]
    advance(cloud, VolumeEvent.CREATED)
    ec2.get_waiter("volume_available").wait(VolumeIds=[made["VolumeId"]])
    assert shown(ec2, Filters=[{"Name": "tag:Name", "Values": ["data"]}])["Attachments"] == []


def test_the_same_token_is_the_same_volume(ec2):
    asked = {"Size": 1, "AvailabilityZone": "nova", "ClientToken": "once"}

    first, second = ec2.create_volume(**asked), ec2.create_volume(**asked)

    assert first["VolumeId"] == second["VolumeId"] == shown(ec2)["VolumeId"]
    assert code_of(ec2.create_volume, **asked | {"Size": 2}) == "IdempotentParameterMismatch"


def test_a_token_outlives_its_volume(ec2, cloud):
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "a", "Value": "b"}]}]
    asked = {
        "Size": 1,
        "AvailabilityZone": "nova",
        "ClientToken": "once",
        "TagSpecifications": tags,
    }
    volume = ec2.create_volume(**asked)["VolumeId"]
    advance(cloud, VolumeEvent.CREATED)
    ec2.delete_volume(VolumeId=volume)

    again = ec2.create_volume(**asked)

    assert (again["VolumeId"], again["State"]) == (volume, "deleted")


def test_an_attachment_goes_from_promise_to_guest_and_back(ec2, cloud):
    volume, instance = available(ec2, cloud), running(ec2, cloud)

    promised = ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
    assert (promised["State"], promised["Device"]) == ("attaching", "/dev/sdf")
    assert shown(ec2)["State"] == "in-use"
    advance(cloud, VolumeEvent.EXPORTED, target="127.0.0.1:3260 iqn.2010-10.org.example:1 1")
    advance(cloud, VolumeEvent.ATTACHED)
    ec2.get_waiter("volume_in_use").wait(VolumeIds=[volume])
    (attachment,) = shown(ec2)["Attachments"]
    assert (attachment["State"], attachment["InstanceId"]) == ("attached", instance)
    (reservation,) = ec2.describe_instances()["Reservations"]
    (device,) = reservation["Instances"][0]["BlockDeviceMappings"]
    assert (device["DeviceName"], device["Ebs"]["VolumeId"]) == ("/dev/sdf", volume)

    detaching = ec2.detach_volume(VolumeId=volume, Force=False)
    assert (detaching["State"], detaching["InstanceId"]) == ("detaching", instance)
    advance(cloud, VolumeEvent.UNPLUGGED)
    advance(cloud, VolumeEvent.WITHDRAWN, **volumes.NOT_ATTACHED)
    assert shown(ec2)["State"] == "available"


def test_a_volume_in_use_is_neither_deleted_nor_attached_again(ec2, cloud):
    volume, instance = attached(ec2, cloud)

    assert code_of(ec2.delete_volume, VolumeId=volume) == "VolumeInUse"
    assert (
        code_of(ec2.attach_volume, VolumeId=volume, InstanceId=instance, Device="/dev/sdg")
        == "VolumeInUse"
    )


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"VolumeId": "vol-0000ffff"}, "InvalidVolume.NotFound"),
        ({"VolumeId": "data"}, "InvalidVolumeID.Malformed"),
        ({"InstanceId": "i-0000ffff"}, "InvalidInstanceID.NotFound"),
        ({"Device": "/dev/nonsense"}, "InvalidParameterValue"),
        ({"Device": "/dev/vda"}, "InvalidParameterValue"),
    ],
)
def test_an_attachment_that_cannot_be_is_refused(ec2, cloud, asked, code):
    volume, instance = available(ec2, cloud), running(ec2, cloud)

    fit = {"VolumeId": volume, "InstanceId": instance, "Device": "/dev/sdf"}
    assert code_of(ec2.attach_volume, **fit | asked) == code
    assert shown(ec2)["State"] == "available"


def test_what_is_not_attached_is_not_detached(ec2, cloud):
    volume = available(ec2, cloud)

    assert code_of(ec2.detach_volume, VolumeId=volume) == "IncorrectState"


def test_a_volume_that_is_being_made_is_in_no_state_to_attach(ec2, cloud):
    instance = running(ec2, cloud)
    volume = ec2.create_volume(Size=1, AvailabilityZone="nova")["VolumeId"]

    code = code_of(ec2.attach_volume, VolumeId=volume, InstanceId=instance, Device="/dev/sdf")

    assert code == "IncorrectState"


def test_a_deleted_volume_is_gone(ec2, cloud):
    volume = available(ec2, cloud)

    ec2.delete_volume(VolumeId=volume)
    assert ec2.describe_volumes()["Volumes"] == []
    assert code_of(ec2.describe_volumes, VolumeIds=[volume]) == "InvalidVolume.NotFound"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"Size": 2000}, "VolumeLimitExceeded"),
        ({"AvailabilityZone": "moon"}, "InvalidParameterValue"),
        ({"SnapshotId": "snap-0000ffff"}, "InvalidSnapshot.NotFound"),
        ({"VolumeType": "gp9"}, "InvalidParameterValue"),
        ({"Encrypted": True}, "UnsupportedOperation"),
        ({"ClientToken": "x" * 65}, "InvalidParameterValue"),
        ({"TagSpecifications": [tagged("volume", *map(str, range(51)))]}, "TagLimitExceeded"),
        ({"TagSpecifications": [tagged("fish", "a")]}, "InvalidParameterValue"),
        (
            {"TagSpecifications": [{"ResourceType": "volume", "Tags": [{"Value": "x"}]}]},
            "MissingParameter",
        ),
    ],
)
def test_a_volume_that_cannot_be_is_refused(ec2, asked, code):
    assert code_of(ec2.create_volume, **{"Size": 1, "AvailabilityZone": "nova"} | asked) == code
    assert ec2.describe_volumes()["Volumes"] == []


def test_a_volume_has_a_size_or_a_snapshot(ec2):
    assert code_of(ec2.create_volume, AvailabilityZone="nova") == "MissingParameter"


def test_a_snapshot_is_made_shown_and_becomes_a_volume(ec2, cloud):
    volume = available(ec2, cloud)

    made = ec2.create_snapshot(VolumeId=volume, Description="before")
    assert (made["State"], made["VolumeId"], made["VolumeSize"]) == ("pending", volume, 2)
    with cloud.db.transaction() as tx:
        (row,) = snapshots.of_project(tx, cloud.project_id())
        snapshots.advance(tx, row, SnapshotEvent.CREATED)
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[made["SnapshotId"]])
    for asked in ({"OwnerIds": ["self"]}, {"RestorableByUserIds": ["self"]}):
        (one,) = ec2.describe_snapshots(**asked)["Snapshots"]
        assert (one["SnapshotId"], one["Progress"]) == (made["SnapshotId"], "100%")
    assert ec2.describe_snapshots(OwnerIds=["amazon"])["Snapshots"] == []

    copy = ec2.create_volume(SnapshotId=made["SnapshotId"], AvailabilityZone="nova")
    assert (copy["Size"], copy["SnapshotId"]) == (2, made["SnapshotId"])
    assert code_of(ec2.delete_snapshot, SnapshotId=made["SnapshotId"]) == "InvalidSnapshot.InUse"


def test_a_snapshot_is_deleted(ec2, cloud):
    made = ec2.create_snapshot(VolumeId=available(ec2, cloud))
    with cloud.db.transaction() as tx:
        (row,) = snapshots.of_project(tx, cloud.project_id())
        snapshots.advance(tx, row, SnapshotEvent.CREATED)

    ec2.delete_snapshot(SnapshotId=made["SnapshotId"])

    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []
    code = code_of(ec2.delete_snapshot, SnapshotId="snap-0000ffff")
    assert code == "InvalidSnapshot.NotFound"
