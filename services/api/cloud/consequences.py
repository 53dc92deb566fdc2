"""What follows a verb that is done to its end: what goes, what goes with it, what stays.

The verb itself only promises; workers do the rest. What they will do is read from the rows here,
in the transaction of a rehearsal, and said in words. Names are shown to whom they may be shown.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from appliance import context
from appliance.db import (
    connection,
    images,
    instances,
    networks,
    ports,
    security_groups,
    snapshots,
    subnets,
    volumes,
)

_GIB: Final = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One object, and what becomes of it."""

    kind: str
    id: str
    name: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """All of it, what was asked for first. Bytes are those promised to it, not those on disk; None:
    nobody counts them.
    """

    touches: tuple[Touch, ...] = ()
    frees_bytes: int | None = None


Follow = Callable[[connection.Reader, context.RequestContext, str], Consequences]


def of_deleting(
    db: connection.Reader, ctx: context.RequestContext, kind: str, key: str
) -> Consequences:
    """What deleting that object does. Raises NotFound."""
    return _OF_DELETING[kind](db, ctx, key)


def of_attaching(db: connection.Reader, volume_id: str) -> Consequences:
    """What was just promised to an instance: the device is chosen already."""
    volume = volumes.get(db, volume_id)
    instance = instances.get(db, volume.instance_id or "")
    return Consequences(
        touches=(
            Touch(
                kind="volume", id=volume.id, name=volume.name,
                what=f"is exported, and given to {instance.name} as {volume.device}",
            ),
            Touch(
                kind="instance", id=instance.id, name=instance.name,
                what=f"gets a disk of {volume.size_gib} GiB, as it runs",
            ),
        )
    )  # fmt: skip


def of_detaching(db: connection.Reader, volume_id: str) -> Consequences:
    """What an instance was just asked to let go of."""
    volume = volumes.get(db, volume_id)
    instance = instances.get(db, volume.instance_id or "")
    return Consequences(
        touches=(
            Touch(
                kind="volume", id=volume.id, name=volume.name,
                what="is available again, with all that is on it",
            ),
            Touch(
                kind="instance", id=instance.id, name=instance.name,
                what=f"loses {volume.device}: unmount it in the guest first",
            ),
        )
    )  # fmt: skip


def _instance(db: connection.Reader, ctx: context.RequestContext, key: str) -> Consequences:
    instance = instances.get(db, key)
    touches = [
        Touch(kind="instance", id=instance.id, name=instance.name, what="is switched off and gone")
    ]
    freed = instance.disk_gib
    if instance.disk_gib:
        what = "goes with all that is on it"
        name = f"its own disk, {instance.disk_gib} GiB"
        touches.append(Touch(kind="disk", id=instance.id, name=name, what=what))
    for volume in volumes.of_instance(db, instance.id):
        is_gone = bool(volume.is_deleted_with_instance)
        what = "is deleted with it" if is_gone else "is detached, and kept"
        freed += volume.size_gib if is_gone else 0
        touches.append(Touch(kind="volume", id=volume.id, name=volume.name, what=what))
    for port in ports.of_instance(db, instance.id):
        for fixed in port.fixed_ips:
            touches.append(Touch(kind="port", id=port.id, name=fixed.ip, what="is free again"))
    return Consequences(touches=tuple(touches), frees_bytes=freed * _GIB)


def _volume(db: connection.Reader, ctx: context.RequestContext, key: str) -> Consequences:
    volume = volumes.get(db, key)
    touch = Touch(kind="volume", id=volume.id, name=volume.name, what="goes with all that is on it")
    return Consequences(touches=(touch,), frees_bytes=volume.size_gib * _GIB)


def _snapshot(db: connection.Reader, ctx: context.RequestContext, key: str) -> Consequences:
    snapshot = snapshots.get(db, key)
    volume = volumes.get(db, snapshot.volume_id)
    return Consequences(
        touches=(
            Touch(kind="snapshot", id=snapshot.id, name=snapshot.name, what="is gone"),
            Touch(kind="volume", id=volume.id, name=volume.name, what="stays as it is now"),
        )
    )


def _image(db: connection.Reader, ctx: context.RequestContext, key: str) -> Consequences:
    image = images.get(db, key)
    touches = [Touch(kind="image", id=image.id, name=image.name or "", what="is gone")]
    for one in instances.of_image(db, image.id):
        if ctx.is_admin or one.project_id == ctx.project_id:
            what = "runs on; no other can be made like it"
            touches.append(Touch(kind="instance", id=one.id, name=one.name, what=what))
    return Consequences(touches=tuple(touches), frees_bytes=image.size_bytes)


def _network(db: connection.Reader, ctx: context.RequestContext, key: str) -> Consequences:
    network = networks.get(db, key)
    touches = [Touch(kind="network", id=network.id, name=network.name, what="is gone")]
    for subnet in subnets.of_network(db, network.id):
        touches.append(
            Touch(kind="subnet", id=subnet.id, name=subnet.cidr, what="is free to be used again")
        )
    return Consequences(touches=tuple(touches))


def _subnet(db: connection.Reader, ctx: context.RequestContext, key: str) -> Consequences:
    subnet = subnets.get(db, key)
    network = networks.get(db, subnet.network_id)
    return Consequences(
        touches=(
            Touch(kind="subnet", id=subnet.id, name=subnet.cidr, what="is gone"),
            Touch(kind="network", id=network.id, name=network.name, what="gives no more addresses"),
        )
    )


def _port(db: connection.Reader, ctx: context.RequestContext, key: str) -> Consequences:
    port = ports.get(db, key)
    name = port.name or ", ".join(fixed.ip for fixed in port.fixed_ips)
    return Consequences(touches=(Touch(kind="port", id=port.id, name=name, what="is gone"),))


def _group(db: connection.Reader, ctx: context.RequestContext, key: str) -> Consequences:
    group = security_groups.get(db, key)
    what = f"is gone, with its {len(group.rules)} rules"
    return Consequences(
        touches=(Touch(kind="security_group", id=group.id, name=group.name, what=what),)
    )


def _rule(db: connection.Reader, ctx: context.RequestContext, key: str) -> Consequences:
    rule = security_groups.get_rule(db, key)
    group = security_groups.get(db, rule.group_id)
    return Consequences(
        touches=(
            Touch(kind="security_group_rule", id=rule.id, name=rule.id, what="is gone"),
            Touch(
                kind="security_group", id=group.id, name=group.name,
                what="lets that in no more, on every host at once",
            ),
        )
    )  # fmt: skip


def _key_pair(db: connection.Reader, ctx: context.RequestContext, key: str) -> Consequences:
    what = "is forgotten; instances that have it keep it"
    return Consequences(touches=(Touch(kind="key_pair", id=key, name=key, what=what),))


_OF_DELETING: Final[dict[str, Follow]] = {
    "instance": _instance, "volume": _volume, "snapshot": _snapshot, "image": _image,
    "network": _network, "subnet": _subnet, "port": _port, "security_group": _group,
    "security_group_rule": _rule, "key_pair": _key_pair,
}  # fmt: skip
