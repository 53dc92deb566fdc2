"""Attach and detach as promises: rows and messages; no worker runs."""

import contextlib

import pytest

from appliance import context, errors, ids, queue
from appliance.db import connection
from appliance.model.states import TaskState, VmState
from appliance.model.volume import Volume
from appliance.model.volume_states import AttachStatus, VolumeStatus
from services.compute.api.volumes import Attachments
from tests.appliance import rows

MEMBER = context.RequestContext(
    project_id=ids.ProjectId("p1"), user_id=ids.UserId("u1"), roles=frozenset({"member"})
)
OTHER = context.RequestContext(project_id=ids.ProjectId("p2"), roles=frozenset({"member"}))
READER = context.RequestContext(project_id=ids.ProjectId("p1"), roles=frozenset({"reader"}))


class Cloud:
    """The verbs, and rows for them."""

    def __init__(self, db: connection.Database, topics: queue.Queue) -> None:
        self.db, self.topics = db, topics
        self.verbs = Attachments(db=db, queue=topics)

    def instance(self, **columns: object) -> ids.InstanceId:
        running = {"host": "box1", "vm_state": VmState.ACTIVE, "task_state": None}
        return rows.add_instance(self.db, **running | columns).id

    def volume(self, **columns: object) -> Volume:
        return rows.add_volume(self.db, **{"status": VolumeStatus.AVAILABLE} | columns)

    def in_use(self, instance_id: str, **columns: object) -> Volume:
        attached = {"status": VolumeStatus.IN_USE, "attach_status": AttachStatus.ATTACHED}
        return self.volume(**attached, instance_id=instance_id, **columns)

    def rung(self, topic: str) -> list[tuple[str, str]]:
        with contextlib.suppress(errors.NotFound):
            return [(one.step, one.object_id) for one in self.topics.peek(topic)]
        return []


@pytest.fixture
def cloud(db: connection.Database, topics: queue.Queue) -> Cloud:
    return Cloud(db, topics)


def test_a_volume_is_reserved_and_its_export_asked_for(cloud: Cloud) -> None:
    instance_id, volume = cloud.instance(), cloud.volume()
    promised = cloud.verbs.attach(MEMBER, instance_id, volume.id, is_deleted_with_instance=True)

    assert promised.status is VolumeStatus.RESERVED
    assert (promised.instance_id, promised.device) == (instance_id, "/dev/vdb")
    assert promised.is_deleted_with_instance
    assert promised.attachment_id
    assert cloud.rung("volume.box1") == [("export", volume.id)]
    assert cloud.verbs.of(READER, instance_id) == [promised]


def test_each_volume_gets_a_device_of_its_own(cloud: Cloud) -> None:
    instance_id = cloud.instance()
    asked = [None, "/dev/sdc", None]
    names = [
        cloud.verbs.attach(MEMBER, instance_id, cloud.volume().id, device=device).device
        for device in asked
    ]

    assert names == ["/dev/vdb", "/dev/sdc", "/dev/vdd"]
    for taken in ("/dev/vda", "/dev/vdc"):
        with pytest.raises(errors.InUse, match=f"The supplied device path \\({taken}\\) is in use"):
            cloud.verbs.attach(MEMBER, instance_id, cloud.volume().id, device=taken)


@pytest.mark.parametrize("status", [VolumeStatus.CREATING, VolumeStatus.IN_USE])
def test_a_volume_that_is_not_available_is_refused(cloud: Cloud, status: VolumeStatus) -> None:
    volume = cloud.volume(status=status)
    with pytest.raises(errors.BadRequest, match="status must be 'available'"):
        cloud.verbs.attach(MEMBER, cloud.instance(), volume.id)


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"task_state": TaskState.POWERING_OFF}, "task_state powering-off"),
        ({"vm_state": VmState.ERROR}, "vm_state error"),
    ],
)
def test_an_instance_that_is_not_ready_gets_no_volume(
    cloud: Cloud, columns: dict[str, object], why: str
) -> None:
    with pytest.raises(errors.Conflict, match=f"Cannot 'attach_volume' instance .* in {why}"):
        cloud.verbs.attach(MEMBER, cloud.instance(**columns), cloud.volume().id)


def test_nobody_attaches_or_sees_what_is_not_theirs(cloud: Cloud) -> None:
    instance_id, volume = cloud.instance(), cloud.volume()
    with pytest.raises(errors.NotFound, match="Instance"):
        cloud.verbs.attach(OTHER, instance_id, volume.id)
    with pytest.raises(errors.NotFound, match="Volume"):
        cloud.verbs.attach(MEMBER, instance_id, cloud.volume(project_id="p2").id)
    with pytest.raises(errors.NotFound):
        cloud.verbs.of(OTHER, instance_id)
    with pytest.raises(errors.Forbidden):
        cloud.verbs.attach(READER, instance_id, volume.id)


def test_a_detach_is_asked_of_the_compute_worker(cloud: Cloud) -> None:
    instance_id = cloud.instance(vm_state=VmState.STOPPED)
    volume = cloud.in_use(instance_id)
    promised = cloud.verbs.detach(MEMBER, instance_id, volume.id)

    assert promised.status is VolumeStatus.DETACHING
    assert cloud.rung("compute.box1") == [("detach", volume.id)]
    with pytest.raises(errors.BadRequest, match="status must be 'in-use'"):
        cloud.verbs.detach(MEMBER, instance_id, volume.id)


def test_what_the_instance_boots_from_stays(cloud: Cloud) -> None:
    instance_id = cloud.instance()
    volume = cloud.in_use(instance_id, boot_index=0)
    with pytest.raises(errors.BadRequest, match="Cannot detach a root device volume"):
        cloud.verbs.detach(MEMBER, instance_id, volume.id)


def test_a_volume_of_another_instance_is_not_attached_to_this_one(cloud: Cloud) -> None:
    instance_id = cloud.instance()
    volume = cloud.in_use(cloud.instance())
    with pytest.raises(errors.NotAttached) as raised:
        cloud.verbs.detach(MEMBER, instance_id, volume.id)

    assert str(raised.value) == f"Instance {instance_id} is not attached to volume {volume.id}"


def test_an_instance_under_way_keeps_its_volume(cloud: Cloud) -> None:
    instance_id = cloud.instance(task_state=TaskState.REBOOTING)
    volume = cloud.in_use(instance_id)
    with pytest.raises(errors.Conflict, match="task_state rebooting"):
        cloud.verbs.detach(MEMBER, instance_id, volume.id)
