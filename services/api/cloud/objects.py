"""The cloud's things as the event stream tells of them: one function a kind, from rows to JSON.

An object goes to its project and to administrators; one that is `public` goes to everybody. What
is of networks and of people: `network_objects`, `identity_objects`. No view has a secret.
"""

from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from appliance import context, errors
from appliance.db import (
    connection,
    flavors,
    hosts,
    images,
    instances,
    pages,
    ports,
    snapshots,
    volumes,
)
from appliance.model import states
from appliance.model.flavor import Flavor
from appliance.model.image import Image, Visibility
from appliance.model.instance import Instance
from appliance.model.volume import Snapshot, Volume
from services.api.cloud import identity_objects, journal_objects, network_objects
from services.api.cloud.seen import Json, Seen


def find(db: connection.Reader, kind: str, key: str) -> Seen | None:
    """The object as it is now; None when it is deleted."""
    try:
        return _ONE[kind](db, key) if kind in _ONE else None
    except errors.NotFound:
        return None


def everything(db: connection.Reader, kind: str, ctx: context.RequestContext) -> list[Seen]:
    """All objects of a kind that `ctx` may see."""
    return [seen for seen in _ALL[kind](db, ctx) if seen.is_for(ctx)] if kind in _ALL else []


def _instance(db: connection.Reader, instance: Instance) -> Seen:
    fault = instances.fault(db, instance.id) if instance.vm_state == "error" else None
    view = {
        "id": instance.id,
        "name": instance.name,
        "status": states.status(instance.vm_state, instance.task_state),
        "vm_state": instance.vm_state,
        "task_state": instance.task_state,
        "power_state": instance.power_state,
        "host": instance.host,
        "zone": hosts.zone(db, instance.host) if instance.host else instance.zone,
        "flavor": {
            "name": instance.flavor_name,
            "vcpus": instance.vcpus,
            "memory_mib": instance.memory_mib,
            "disk_gib": instance.disk_gib,
        },
        "image": _image_name(db, instance.image_id),
        "key_name": instance.key_name,
        "addresses": [
            fixed.ip for port in ports.of_instance(db, instance.id) for fixed in port.fixed_ips
        ],
        "created_at": instance.created_at,
        "updated_at": instance.updated_at,
        "launched_at": instance.launched_at,
        "fault": {"message": fault.message, "details": fault.details, "code": fault.code}
        if fault
        else None,
        "request_id": instance.request_id,
        "project_id": instance.project_id,
        "user_id": instance.user_id,
    }
    return Seen(kind="instance", id=instance.id, view=view, project_id=instance.project_id)


def _image_name(db: connection.Reader, image_id: str | None) -> Json | None:
    if image_id is None:
        return None
    try:
        return {"id": image_id, "name": images.get(db, image_id).name or ""}
    except errors.NotFound:
        return {"id": image_id, "name": ""}


def _image(image: Image) -> Seen:
    view = {
        "id": image.id,
        "name": image.name,
        "status": image.status,
        "size_bytes": image.size_bytes,
        "disk_format": image.disk_format,
        "container_format": image.container_format,
        "visibility": image.visibility,
        "owner": image.project_id,
        "created_at": image.created_at,
        "updated_at": image.updated_at,
        "store": image.store,
    }
    return Seen(
        kind="image", id=image.id, view=view, project_id=image.project_id,
        is_public=image.visibility is Visibility.PUBLIC,
    )  # fmt: skip


def _volume(volume: Volume) -> Seen:
    view = {
        "id": volume.id,
        "name": volume.name,
        "status": volume.status,
        "size_gib": volume.size_gib,
        "volume_type": volume.volume_type,
        "host": volume.host,
        "is_bootable": bool(volume.is_bootable),
        "image_id": volume.image_id,
        "snapshot_id": volume.snapshot_id,
        "source_volume_id": volume.source_volume_id,
        "instance_id": volume.instance_id,
        "device": volume.device,
        "target": volume.target,
        "reason": volume.reason,
        "created_at": volume.created_at,
        "updated_at": volume.updated_at,
        "request_id": volume.request_id,
        "project_id": volume.project_id,
    }
    return Seen(kind="volume", id=volume.id, view=view, project_id=volume.project_id)


def _snapshot(snapshot: Snapshot) -> Seen:
    view = {
        "id": snapshot.id,
        "name": snapshot.name,
        "status": snapshot.status,
        "size_gib": snapshot.size_gib,
        "volume_id": snapshot.volume_id,
        "host": snapshot.host,
        "reason": snapshot.reason,
        "created_at": snapshot.created_at,
        "updated_at": snapshot.updated_at,
        "request_id": snapshot.request_id,
        "project_id": snapshot.project_id,
    }
    return Seen(kind="snapshot", id=snapshot.id, view=view, project_id=snapshot.project_id)


def _flavor(flavor: Flavor) -> Seen:
    view = {
        "id": flavor.id,
        "name": flavor.name,
        "vcpus": flavor.vcpus,
        "memory_mib": flavor.memory_mib,
        "disk_gib": flavor.disk_gib,
    }
    return Seen(kind="flavor", id=flavor.id, view=view, is_public=True)


def _one_instance(db: connection.Reader, key: str) -> Seen | None:
    instance = instances.get(db, key)
    return None if instance.deleted_at else _instance(db, instance)


def _one_image(db: connection.Reader, key: str) -> Seen | None:
    image = images.get(db, key)
    return None if image.deleted_at else _image(image)


def _one_volume(db: connection.Reader, key: str) -> Seen | None:
    volume = volumes.get(db, key)
    return None if volume.deleted_at else _volume(volume)


def _one_snapshot(db: connection.Reader, key: str) -> Seen | None:
    snapshot = snapshots.get(db, key)
    return None if snapshot.deleted_at else _snapshot(snapshot)


_R = TypeVar("_R", Instance, Volume, Snapshot)


def _rows(
    of_project: pages.OfProject[_R], db: connection.Reader, ctx: context.RequestContext
) -> Iterator[_R]:
    """Every row of a table that `ctx` may see."""
    return pages.each(of_project, db, None if ctx.is_admin else ctx.project_id)


_EVERY_IMAGE: Final = images.Query(limit=1_000_000)

_ONE: Final[dict[str, Callable[[connection.Reader, str], Seen | None]]] = {
    "instance": _one_instance,
    "image": _one_image,
    "volume": _one_volume,
    "snapshot": _one_snapshot,
    "flavor": lambda db, key: _flavor(flavors.get(db, key)),
    **network_objects.ONE,
    **identity_objects.ONE,
    **journal_objects.ONE,
}
_ALL: Final[dict[str, Callable[[connection.Reader, context.RequestContext], list[Seen]]]] = {
    "instance": lambda db, ctx: [
        _instance(db, one) for one in _rows(instances.of_project, db, ctx)
    ],
    "image": lambda db, ctx: [_image(one) for one in images.visible(db, ctx, _EVERY_IMAGE)],
    "volume": lambda db, ctx: [_volume(one) for one in _rows(volumes.of_project, db, ctx)],
    "snapshot": lambda db, ctx: [_snapshot(one) for one in _rows(snapshots.of_project, db, ctx)],
    "flavor": lambda db, _: [_flavor(flavor) for flavor in flavors.all_flavors(db)],
    **network_objects.ALL,
    **identity_objects.ALL,
    **journal_objects.ALL,
}
