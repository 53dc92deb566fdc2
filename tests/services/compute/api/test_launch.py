"""Launches with volumes, kernels and client tokens: rows and messages; no worker runs."""

import contextlib
from dataclasses import replace
from typing import Any

import pytest

from appliance import clock, config, context, errors, ids, queue
from appliance.db import connection, flavors, images, instances, quotas, volumes
from appliance.model.flavor import Flavor
from appliance.model.image import Image, ImageStatus, Visibility
from appliance.model.states import VmState
from appliance.model.volume import Volume
from appliance.model.volume_states import SnapshotStatus, VolumeStatus
from services.api import launch_volumes
from services.compute.api.instances import Instances
from services.compute.api.run_request import BlockDevice, RunRequest
from services.volume.api import types
from tests.appliance import rows

CTX = context.RequestContext(
    project_id=ids.ProjectId("p1"), user_id=ids.UserId("u1"), roles=frozenset({"member"})
)
GIB = 1 << 30


class Cloud:
    """The verbs, put together as the API process does, and rows for them."""

    def __init__(
        self, settings: config.Settings, db: connection.Database, topics: queue.Queue
    ) -> None:
        self.db, self.topics = db, topics
        new_volume = launch_volumes.new_volume(types.place(settings))
        self.verbs = Instances(db=db, queue=topics, new_volume=new_volume)
        with db.transaction() as tx:
            flavors.put(
                tx,
                Flavor(id="tiny", name="tiny", vcpus=1, memory_mib=64, disk_gib=1, is_public=True),
            )

    def image(self, **columns: Any) -> Image:
        now = clock.stamp()
        values: dict[str, Any] = {
            "id": ids.new_uuid(), "name": "tiny", "status": ImageStatus.ACTIVE,
            "visibility": Visibility.PUBLIC, "project_id": "p1", "container_format": "bare",
            "disk_format": "qcow2", "size_bytes": 8 << 20, "virtual_size_bytes": 32 << 20,
            "checksum_md5": None, "checksum_sha512": None, "checksum_xxh3": None,
            "min_disk_gib": 0, "min_memory_mib": 0, "is_protected": 0, "is_hidden": 0,
            "store": "file", "location": None, "request_id": ids.new_request_id(),
            "created_at": now, "updated_at": now, "deleted_at": None, "claim_owner": None,
            "claim_expires_at": None, "properties": {}, "tags": (),
        }  # fmt: skip
        made = Image(**values | columns)
        with self.db.transaction() as tx:
            images.create(tx, made)
        return made

    def volume(self, **columns: object) -> Volume:
        return rows.add_volume(self.db, **{"status": VolumeStatus.AVAILABLE} | columns)

    def run(self, *devices: BlockDevice, **more: Any) -> list[Any]:
        values = {"name": "web", "image_id": None, "flavor": "tiny", "networks": "none"}
        return self.verbs.run(CTX, RunRequest(**values | more, block_devices=devices))

    def rung(self, topic: str) -> list[tuple[str, str]]:
        with contextlib.suppress(errors.NotFound):
            return [(one.step, one.object_id) for one in self.topics.peek(topic)]
        return []


@pytest.fixture
def cloud(settings: config.Settings, db: connection.Database, topics: queue.Queue) -> Cloud:
    return Cloud(settings, db, topics)


def boot(source: Any, source_id: str | None = None, **more: Any) -> BlockDevice:
    return BlockDevice(source=source, source_id=source_id, boot_index=0, **more)


def test_an_instance_boots_from_a_volume_that_is_there(cloud: Cloud) -> None:
    volume = cloud.volume(is_bootable=1)
    (instance,) = cloud.run(boot("volume", volume.id))
    now = volumes.get(cloud.db, volume.id)

    assert (instance.image_id, instance.disk_gib) == (None, 0)
    assert (now.status, now.instance_id) == (VolumeStatus.RESERVED, instance.id)
    assert (now.device, now.boot_index) == ("/dev/vda", 0)
    assert cloud.rung("volume.box1") == [("export", volume.id)]
    assert cloud.rung("scheduler") == [("select_host", instance.id)]


def test_volumes_are_made_for_a_launch(cloud: Cloud) -> None:
    image, origin = cloud.image(min_disk_gib=2), cloud.volume()
    snapshot = rows.add_snapshot(cloud.db, origin.id, size_gib=3, status=SnapshotStatus.AVAILABLE)
    (instance,) = cloud.run(
        boot("image", image.id, is_deleted_with_instance=True),
        BlockDevice(source="snapshot", source_id=snapshot.id),
        BlockDevice(source="blank", size_gib=4, device="/dev/sdb"),
    )
    made = volumes.of_instance(cloud.db, instance.id)

    assert {one.status for one in made} == {VolumeStatus.CREATING}
    assert [(one.device, one.size_gib) for one in made] == [
        ("/dev/vda", 2), ("/dev/sdb", 4), ("/dev/vdc", 3)
    ]  # fmt: skip
    assert [one.image_id for one in made] == [image.id, None, None]
    assert [one.is_deleted_with_instance for one in made] == [1, 0, 0]
    assert all(one.attachment_id for one in made)
    assert sorted(cloud.rung("volume.box1")) == sorted(("create", one.id) for one in made)


def test_every_instance_of_a_launch_has_volumes_of_its_own(cloud: Cloud) -> None:
    made = cloud.run(
        BlockDevice(source="blank", size_gib=1), image_id=cloud.image().id, count_max=3
    )

    had = [volumes.of_instance(cloud.db, one.id) for one in made]
    assert [len(each) for each in had] == [1, 1, 1]
    assert len({each[0].attachment_id for each in had}) == 3


def test_a_launch_makes_as_many_as_the_quota_of_volumes_lets_it(cloud: Cloud) -> None:
    with cloud.db.transaction() as tx:
        quotas.put(tx, "p1", "gigabytes", 25)
    device, image_id = BlockDevice(source="blank", size_gib=10), cloud.image().id

    assert len(cloud.run(device, image_id=image_id, count_max=3)) == 2
    with pytest.raises(errors.OverQuota, match="gigabytes"):
        cloud.run(device, image_id=image_id)


@pytest.mark.parametrize(
    ("devices", "has_image", "why"),
    [
        ((), False, "Invalid imageRef provided"),
        ((BlockDevice(source="blank", size_gib=1),), False, "Boot sequence"),
        ((boot("blank", size_gib=1),), False, "Boot sequence"),
        ((boot("image", "x"), boot("image", "x")), False, "Boot sequence"),
        ((boot("image", "x"),), True, "Boot sequence"),
        ((BlockDevice(source="blank"),), True, "non-zero size"),
        ((BlockDevice(source="volume", source_id="x"),), True, "failed to get volume x"),
        ((BlockDevice(source="snapshot", source_id="x"),), True, "failed to get snapshot x"),
        ((BlockDevice(source="image", source_id="x"),), True, "failed to get image x"),
        ((BlockDevice(source="blank", size_gib=1, volume_type="gold"),), True, "gold"),
        ((BlockDevice(source="blank", size_gib=1, device="sofa"),), True, "sofa"),
    ],
)
def test_devices_that_cannot_be_are_refused_and_nothing_is_left(
    cloud: Cloud, devices: tuple[BlockDevice, ...], has_image: bool, why: str
) -> None:
    with pytest.raises(errors.BadRequest, match=why):
        cloud.run(*devices, image_id=cloud.image().id if has_image else None)

    assert instances.of_project(cloud.db, None) == []
    assert volumes.of_project(cloud.db, None) == []


def test_a_volume_that_does_not_fit_is_refused(cloud: Cloud) -> None:
    plain, busy = cloud.volume(), cloud.volume(status=VolumeStatus.RESERVED)
    image = cloud.image(virtual_size_bytes=3 * GIB)
    extra = BlockDevice(source="volume", source_id=plain.id)
    with pytest.raises(errors.BadRequest, match=f"Block Device {plain.id} is not bootable"):
        cloud.run(boot("volume", plain.id))
    with pytest.raises(errors.BadRequest, match="status must be 'available'"):
        cloud.run(boot("volume", busy.id))
    with pytest.raises(errors.BadRequest, match="to multiple instances"):
        cloud.run(extra, image_id=image.id, count_max=2)
    with pytest.raises(errors.BadRequest, match="status must be 'available'"):
        cloud.run(extra, extra, image_id=cloud.image().id)
    with pytest.raises(errors.BadRequest, match="larger than volume size 2GB"):
        cloud.run(boot("image", image.id, size_gib=2))
    assert volumes.get(cloud.db, plain.id).status is VolumeStatus.AVAILABLE


def test_a_kernel_asked_for_takes_the_place_of_the_images(cloud: Cloud) -> None:
    kernel, ramdisk, other = cloud.image(), cloud.image(), cloud.image()
    image = cloud.image(properties={"kernel_id": kernel.id, "ramdisk_id": ramdisk.id})
    (plain,) = cloud.run(image_id=image.id)
    (chosen,) = cloud.run(image_id=image.id, kernel_id=other.id)
    volume = cloud.volume(is_bootable=1, image_id=image.id)
    (from_volume,) = cloud.run(boot("volume", volume.id))

    assert (plain.kernel_id, plain.ramdisk_id) == (kernel.id, ramdisk.id)
    assert (chosen.kernel_id, chosen.ramdisk_id) == (other.id, ramdisk.id)
    assert from_volume.kernel_id == kernel.id
    with pytest.raises(errors.BadRequest, match="could not be found"):
        cloud.run(image_id=image.id, kernel_id="nothing")


def test_the_same_client_token_is_the_same_instances(cloud: Cloud) -> None:
    image_id = cloud.image().id
    first = cloud.run(image_id=image_id, client_token="t", count_min=2, count_max=2)
    again = cloud.run(image_id=image_id, client_token="t", count_min=2, count_max=2)
    other = replace(CTX, project_id=ids.ProjectId("p2"))
    request = RunRequest(
        name="web", image_id=image_id, flavor="tiny", networks="none", client_token="t"
    )

    assert [one.id for one in again] == [one.id for one in first]
    assert len(instances.of_project(cloud.db, "p1")) == 2
    with pytest.raises(errors.IdempotentMismatch, match="Client token t was used"):
        cloud.run(image_id=image_id, client_token="t")
    assert len(cloud.verbs.run(other, request)) == 1


def test_a_token_whose_launch_was_refused_is_new(cloud: Cloud) -> None:
    with pytest.raises(errors.BadRequest):
        cloud.run(image_id="nothing", client_token="t")

    assert len(cloud.run(image_id=cloud.image().id, client_token="t")) == 1


def test_an_instance_that_never_had_a_host_lets_go_of_its_volumes(cloud: Cloud) -> None:
    volume = cloud.volume(is_bootable=1)
    (instance,) = cloud.run(boot("volume", volume.id))
    cloud.verbs.delete(CTX, instance.id)

    assert instances.get(cloud.db, instance.id).vm_state is VmState.DELETED
    assert volumes.get(cloud.db, volume.id).status is VolumeStatus.DETACHING
    assert cloud.rung("volume.box1")[-1] == ("withdraw", volume.id)
