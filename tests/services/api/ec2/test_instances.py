"""Instances by boto3: seen in every state, started, stopped, rebooted, terminated."""

import pytest
from botocore.exceptions import ClientError

from appliance import clock, context, errors
from appliance.db import fixed_ips, instances, ports, subnets
from appliance.model.states import Event
from services.api.ec2 import instances as faces
from services.api.ec2 import tags
from services.api.ec2.actions import Call
from services.compute.api import instances as verbs
from services.compute.api import tags as tag_verbs
from services.compute.api.instances import DELETED_KEPT_S
from tests.services.api.clouds import Cloud
from tests.services.api.ec2 import clients

ONE = {"MinCount": 1, "MaxCount": 1}
LAUNCHED = "2026-01-01T00:00:00.000000Z"


@pytest.fixture
def ec2(cloud):
    cloud.add_image(name="ami-tiny")
    cloud.add_host()
    return clients.boto3_client(cloud)


def run(ec2, **asked) -> str:
    answer = ec2.run_instances(**{"ImageId": "ami-tiny", "InstanceType": "m1.tiny", **ONE, **asked})
    return str(answer["Instances"][0]["InstanceId"])


def newest(cloud: Cloud) -> str:
    return instances.of_project(cloud.db, cloud.project_id())[0].id


def boot(cloud: Cloud, key: str) -> None:
    """What scheduler, network and compute do."""
    cloud.advance(key, Event.SCHEDULED, host="box1")
    with cloud.db.transaction() as tx:
        (port,) = ports.of_instance(tx, key)
        (subnet,) = subnets.of_network(tx, port.network_id)
        fixed_ips.allocate(tx, subnet, port.id)
    cloud.advance(key, Event.WIRED)
    cloud.advance(key, Event.SPAWNED, power_state=1, launched_at=LAUNCHED)


def running(ec2, cloud: Cloud, **asked) -> str:
    ec2_id = run(ec2, **asked)
    boot(cloud, newest(cloud))
    return ec2_id


def described(ec2, **asked) -> list[dict]:
    return [
        one
        for reservation in ec2.describe_instances(**asked)["Reservations"]
        for one in reservation["Instances"]
    ]


def code_of(call, **asked) -> str:
    with pytest.raises(ClientError) as raised:
        call(**asked)
    return str(raised.value.response["Error"]["Code"])


def test_a_running_instance_shows_where_it_is(ec2, cloud):
    ec2_id = running(ec2, cloud)

    (one,) = described(ec2, InstanceIds=[ec2_id])

    assert one["State"] == {"Code": 16, "Name": "running"}
    assert one["PrivateIpAddress"].startswith("10.")
    assert one["PublicDnsName"] == one["PublicIpAddress"] == one["PrivateIpAddress"]
    assert one["Placement"]["AvailabilityZone"] == "nova"
    assert (one["RootDeviceType"], one["RootDeviceName"]) == ("instance-store", "/dev/vda")
    assert [group["GroupName"] for group in one["SecurityGroups"]] == ["default"]
    assert one["PrivateDnsName"] == "ami-tiny"
    assert one["LaunchTime"]


def test_instances_of_one_request_are_one_reservation(ec2):
    first = ec2.run_instances(ImageId="ami-tiny", InstanceType="m1.tiny", MinCount=2, MaxCount=2)
    run(ec2)

    found = ec2.describe_instances()["Reservations"]

    sizes = {one["ReservationId"]: len(one["Instances"]) for one in found}
    assert sorted(sizes.values()) == [1, 2]
    assert sizes[first["ReservationId"]] == 2


def test_stop_and_start_say_before_and_now(ec2, cloud):
    ec2_id = running(ec2, cloud)
    key = newest(cloud)

    (stopping,) = ec2.stop_instances(InstanceIds=[ec2_id])["StoppingInstances"]
    assert stopping["PreviousState"]["Name"] == "running"
    assert stopping["CurrentState"] == {"Code": 64, "Name": "stopping"}
    assert cloud.messages("compute.box1") == [("power_off", key)]
    cloud.advance(key, Event.STOPPED)
    (again,) = ec2.stop_instances(InstanceIds=[ec2_id])["StoppingInstances"]
    assert again["PreviousState"] == again["CurrentState"] == {"Code": 80, "Name": "stopped"}

    (starting,) = ec2.start_instances(InstanceIds=[ec2_id])["StartingInstances"]
    assert starting["CurrentState"] == {"Code": 0, "Name": "pending"}


def test_reboot_answers_return_and_rings_the_host(ec2, cloud):
    ec2_id = running(ec2, cloud)

    ec2.reboot_instances(InstanceIds=[ec2_id])

    assert cloud.messages("compute.box1") == [("reboot", newest(cloud))]


def test_what_is_terminated_is_seen_for_an_hour(ec2, cloud):
    ec2_id = running(ec2, cloud, KeyName=ec2.create_key_pair(KeyName="test")["KeyName"])
    key = newest(cloud)

    (change,) = ec2.terminate_instances(InstanceIds=[ec2_id])["TerminatingInstances"]
    assert change["PreviousState"]["Name"] == "running"
    assert change["CurrentState"] == {"Code": 32, "Name": "shutting-down"}
    cloud.advance(key, Event.DESTROYED)

    (one,) = described(ec2, InstanceIds=[ec2_id])
    assert one["State"] == {"Code": 48, "Name": "terminated"}
    assert one["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    assert one["KeyName"] == "test"
    assert len(described(ec2)) == 1
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[ec2_id])
    (change,) = ec2.terminate_instances(InstanceIds=[ec2_id])["TerminatingInstances"]
    assert change["PreviousState"] == change["CurrentState"] == {"Code": 48, "Name": "terminated"}

    with cloud.db.transaction() as tx:
        tx.execute(
            "UPDATE instances SET deleted_at = ?",
            (clock.stamp(clock.now() - DELETED_KEPT_S - 1),),
        )
    assert described(ec2) == []
    assert code_of(ec2.describe_instances, InstanceIds=[ec2_id]) == "InvalidInstanceID.NotFound"


def test_what_is_deleted_between_two_reads_is_still_described(ec2, cloud):
    ec2_id = running(ec2, cloud)
    key = newest(cloud)
    with cloud.db.transaction() as tx:
        instances.advance(tx, instances.get(tx, key), Event.DELETE)

    class DeletedAfterTheFirstRead(verbs.Instances):
        """The compute worker ends the instance as soon as somebody has looked at it once."""

        def get(self, ctx, instance_id):
            return self._then_deleted(super().get(ctx, instance_id))

        def deleted_lately(self, ctx):
            return self._then_deleted(super().deleted_lately(ctx))

        def _then_deleted(self, found):
            if not instances.get(self.db, key).deleted_at:
                cloud.advance(key, Event.DESTROYED)
            return found

    racing = DeletedAfterTheFirstRead(db=cloud.db, queue=cloud.topics, new_volume=_no_volume)
    actions = faces.Instances(
        db=cloud.db, verbs=racing, tags=tags.Tags(db=cloud.db, verbs=tag_verbs.Tags(db=cloud.db))
    )
    ctx = context.RequestContext(project_id=cloud.project_id(), roles=frozenset({"member"}))
    call = Call(ctx=ctx, action="DescribeInstances", values={"InstanceIds": [ec2_id]})

    (reservation,) = actions.describe(call)["Reservations"]
    assert [one["InstanceId"] for one in reservation["Instances"]] == [ec2_id]


def _no_volume(*_):
    raise AssertionError("nothing is launched here")


def test_one_that_was_never_placed_is_terminated_at_once(ec2):
    ec2_id = run(ec2)

    (change,) = ec2.terminate_instances(InstanceIds=[ec2_id])["TerminatingInstances"]

    assert change["PreviousState"]["Name"] == "pending"
    assert change["CurrentState"]["Name"] == "terminated"


def test_a_launch_that_failed_says_why(ec2, cloud):
    ec2_id = run(ec2)
    with cloud.db.transaction() as tx:
        row = instances.get(tx, newest(cloud))
        instances.advance(tx, row, Event.FAILED_UNPLACED)
        instances.add_fault(tx, row.id, errors.NoValidHost([]))

    (one,) = described(ec2, InstanceIds=[ec2_id])

    assert one["State"]["Name"] == "terminated"
    assert one["StateReason"]["Code"] == "Server.InternalError"
    assert "No valid host was found" in one["StateReason"]["Message"]
    (change,) = ec2.terminate_instances(InstanceIds=[ec2_id])["TerminatingInstances"]
    assert change["CurrentState"]["Name"] == "terminated"
    assert instances.of_project(cloud.db, cloud.project_id()) == []


@pytest.mark.parametrize(
    ("name", "value", "names"),
    [
        ("tag:Name", "web*", {"web", "web-2"}),
        ("tag:Name", "db", {"db"}),
        ("tag-key", "Name", {"web", "web-2", "db"}),
        ("instance-state-name", "running", {"web"}),
        ("instance-state-code", "0", {"web-2", "db"}),
        ("instance-type", "m1.nano", {"db"}),
        ("availability-zone", "nova", {"web"}),
        ("group-name", "def*", {"web", "web-2", "db"}),
        ("key-name", "none", set()),
        ("owner-id", "nobody", set()),
        ("launch-index", "0", {"web", "web-2", "db"}),
    ],
)
def test_filters_look_into_what_is_shown(ec2, cloud, name, value, names):
    def named(text: str) -> dict:
        return {
            "TagSpecifications": [
                {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": text}]}
            ]
        }

    running(ec2, cloud, **named("web"))
    run(ec2, **named("web-2"))
    run(ec2, InstanceType="m1.nano", **named("db"))

    found = described(ec2, Filters=[{"Name": name, "Values": [value]}])

    assert {tag["Value"] for one in found for tag in one["Tags"]} == names


def test_filters_are_anded_and_their_values_ored(ec2, cloud):
    first, second = running(ec2, cloud), run(ec2)

    found = described(
        ec2,
        Filters=[
            {"Name": "instance-state-name", "Values": ["running", "pending"]},
            {"Name": "instance-id", "Values": [first]},
        ],
    )

    assert [one["InstanceId"] for one in found] == [first]
    assert second != first


def test_pages_neither_drop_nor_double_what_stays(ec2):
    made = [run(ec2) for _ in range(5)]
    first = ec2.describe_instances(MaxResults=2)
    ec2.terminate_instances(InstanceIds=[first["Reservations"][-1]["Instances"][0]["InstanceId"]])
    run(ec2)
    second = ec2.describe_instances(MaxResults=2, NextToken=first["NextToken"])
    third = ec2.describe_instances(MaxResults=2, NextToken=second["NextToken"])

    found = [
        one["InstanceId"]
        for page in (first, second, third)
        for reservation in page["Reservations"]
        for one in reservation["Instances"]
    ]
    assert found == list(reversed(made))
    assert "NextToken" not in third


def test_status_is_of_running_instances_or_of_all(ec2, cloud):
    first, second = running(ec2, cloud), run(ec2)

    (shown,) = ec2.describe_instance_status()["InstanceStatuses"]
    every = ec2.describe_instance_status(IncludeAllInstances=True)["InstanceStatuses"]

    assert (shown["InstanceId"], shown["InstanceStatus"]["Status"]) == (first, "ok")
    assert shown["SystemStatus"]["Details"] == [{"Name": "reachability", "Status": "passed"}]
    assert {one["InstanceId"] for one in every} == {first, second}
    ec2.get_waiter("instance_status_ok").wait(InstanceIds=[first])


def test_a_console_without_a_host_is_empty(ec2):
    ec2_id = run(ec2)

    assert ec2.get_console_output(InstanceId=ec2_id)["Output"] == ""


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"InstanceIds": ["i-0000ffff"]}, "InvalidInstanceID.NotFound"),
        ({"InstanceIds": ["web"]}, "InvalidInstanceID.Malformed"),
        ({"InstanceIds": ["vol-00000001"]}, "InvalidInstanceID.Malformed"),
        ({"Filters": [{"Name": "colour", "Values": ["red"]}]}, "InvalidParameterValue"),
        ({"MaxResults": 0}, "InvalidParameterValue"),
        ({"NextToken": "?"}, "InvalidParameterValue"),
    ],
)
def test_what_cannot_be_described_is_refused(ec2, asked, code):
    assert code_of(ec2.describe_instances, **asked) == code


def test_ids_and_pages_do_not_go_together(ec2):
    ec2_id = run(ec2)

    code = code_of(ec2.describe_instances, InstanceIds=[ec2_id], MaxResults=5)

    assert code == "InvalidParameterCombination"


def test_what_cannot_be_done_now_is_an_incorrect_state(ec2, cloud):
    ec2_id = run(ec2)

    assert code_of(ec2.stop_instances, InstanceIds=[ec2_id]) == "IncorrectInstanceState"
    assert code_of(ec2.reboot_instances, InstanceIds=[ec2_id]) == "IncorrectInstanceState"


def test_nothing_is_done_when_one_of_them_is_in_no_state_for_it(ec2, cloud):
    ready = running(ec2, cloud)
    building = run(ec2)
    before = cloud.messages("compute.box1")
    for ask in (ec2.stop_instances, ec2.reboot_instances):
        assert code_of(ask, InstanceIds=[ready, building]) == "IncorrectInstanceState"
        assert code_of(ask, InstanceIds=[ready, building], DryRun=True) == "IncorrectInstanceState"

    assert [one["State"]["Name"] for one in described(ec2, InstanceIds=[ready])] == ["running"]
    assert cloud.messages("compute.box1") == before


def test_nothing_is_done_when_one_of_them_is_not_there(ec2, cloud):
    ec2_id = running(ec2, cloud)

    code = code_of(ec2.terminate_instances, InstanceIds=[ec2_id, "i-0000ffff"])

    assert code == "InvalidInstanceID.NotFound"
    assert described(ec2, InstanceIds=[ec2_id])[0]["State"]["Name"] == "running"


def test_an_admin_lists_its_own_and_finds_others_by_id(ec2, cloud):
    ec2_id = run(ec2)
    admin = clients.boto3_client(cloud, "admin")

    assert described(admin) == []
    assert described(admin, InstanceIds=[ec2_id])[0]["InstanceId"] == ec2_id
