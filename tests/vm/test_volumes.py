"""The volume worker on a thin pool of LVM and the kernel's own iSCSI target, from row to bytes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import chap, config
from appliance.db import connection, snapshots, volumes
from appliance.model.volume import Volume, parse_target
from appliance.model.volume_states import SnapshotEvent, VolumeEvent
from services.volume import backends
from storage.blocks.export import Export
from tests.services.volume.host import ATTACHMENT, Host
from tests.storage.blocks import initiator
from tests.vm import group

pytestmark = pytest.mark.vm

GIB = 1 << 30


@pytest.fixture
def settings(home: Path) -> config.Settings:
    return config.parse({"host": "box1", "volume": {"pool": "lvm", "export": "lio"}}, home=home)


@pytest.fixture
def host(settings: config.Settings, db: connection.Database) -> Iterator[Host]:
    with group.running(settings.volume.lvm_group):
        pool, exporter = backends.pool(settings), backends.exporter(settings)
        yield Host(settings, db, pool=pool, exporter=exporter)
        exporter.stop()


def advance(host: Host, volume: Volume, event: VolumeEvent, **columns: object) -> None:
    with host.db.transaction() as tx:
        volumes.advance(tx, host.now(volume), event, **columns)


def seen_by_a_guest(host: Host, volume: Volume) -> str:
    """What QEMU's initiator reads first, logged in as a guest of this host would be."""
    target = parse_target(str(host.now(volume).target))
    export = Export(
        volume_id=volume.id, path=host.pool.device(volume.id),
        initiator=chap.initiator("box1"), username=chap.username(ATTACHMENT),
        password=chap.password(host.settings, ATTACHMENT),
    )  # fmt: skip
    return initiator.run(export, "length", "read -v 0 512", lun=target.lun, port=target.port)


def test_volumes_are_made_kept_copied_and_grown_by_sharing_blocks(host: Host) -> None:
    origin = host.available()
    snapshot = host.add_snapshot(origin)
    host.steps["snapshot"](snapshot.id)
    copy = host.add(snapshot_id=snapshot.id, size_gib=2)
    host.steps["create"](copy.id)
    clone = host.add(source_volume_id=origin.id)
    host.steps["create"](clone.id)
    advance(host, clone, VolumeEvent.EXTEND, size_gib=2)
    host.steps["extend"](clone.id)

    for volume in (copy, clone):
        assert host.status(volume) == "available/detached"
        assert host.bytes_of(volume) == origin.id.encode()
        assert host.size_bytes(volume) == 2 * GIB
    capacity = host.pool.capacity()
    assert capacity.total_bytes - capacity.free_bytes < 8 << 20


def test_nothing_is_left_of_what_was_deleted(host: Host) -> None:
    origin = host.available()
    snapshot = host.add_snapshot(origin)
    host.steps["snapshot"](snapshot.id)
    with host.db.transaction() as tx:
        snapshots.advance(tx, host.snapshot_now(snapshot), SnapshotEvent.DELETE)
    host.steps["delete_snapshot"](snapshot.id)
    advance(host, origin, VolumeEvent.DELETE)
    host.steps["delete"](origin.id)

    assert host.status(origin) == "deleted/detached"
    assert (list(host.pool.volumes()), list(host.pool.snapshots())) == ([], [])


def test_an_instance_has_the_bytes_until_the_volume_is_withdrawn(host: Host) -> None:
    volume = host.available()
    instance = host.add_instance()
    advance(
        host, volume, VolumeEvent.RESERVE,
        attachment_id=ATTACHMENT, instance_id=instance.id, device="/dev/vdb",
    )  # fmt: skip
    host.steps["export"](volume.id)

    assert host.status(volume) == "attaching/detached"
    assert f"{volume.id[:4]}" in seen_by_a_guest(host, volume)

    host.exporter.stop()  # as after a boot: the kernel knows nothing of it
    host.reconciler.look()
    assert "1 GiB" in seen_by_a_guest(host, volume)

    advance(host, volume, VolumeEvent.UNPLUGGED)
    host.steps["withdraw"](volume.id)
    assert host.status(volume) == "available/detached"
    assert dict(host.exporter.shown()) == {}
