"""A volume, down to its bytes, its export, who is logged in, and its row; and its snapshots."""

from dataclasses import replace

from appliance import errors
from appliance.db import images, snapshots
from appliance.db import volumes as volumes_db
from appliance.model.volume import Snapshot, Volume, parse_target
from appliance.model.volume_states import VolumeStatus
from services.api.cloud.xray import parts
from services.api.cloud.xray.looks import Json
from services.api.cloud.xray.node import Meaning, Node, checked, gib, unknown
from services.api.cloud.xray.parts import Sources

__all__ = ["Volume", "part", "snapshot_tree", "tree"]

_MEANING: dict[str, Meaning] = {"available": "good", "in-use": "good"}
_UNMADE = (VolumeStatus.CREATING, VolumeStatus.DOWNLOADING, VolumeStatus.ERROR)


def tree(at: Sources, volume_id: str) -> Node:
    """Everything that the volume is made of. Raises NotFound."""
    row = volumes_db.get(at.db, volume_id)
    node = part(at, row)
    return Node(
        label=row.name or row.id, word=node.word, meaning=node.meaning, detail=node.detail,
        kind="volume", id=row.id,
        children=(
            *node.children,
            *((parts.instance(at.db, row.instance_id),) if row.instance_id else ()),
            *_origin(at, row),
            *(_snapshot(at, one) for one in snapshots.of_volume(at.db, row.id)),
            parts.row(
                "volumes", status=row.status, attach_status=row.attach_status, host=row.host,
                updated_at=row.updated_at, request_id=row.request_id,
            ),
            parts.waiting(at.queue, row.id),
        ),
    )  # fmt: skip


def snapshot_tree(at: Sources, snapshot_id: str) -> Node:
    """Everything that the snapshot is made of. Raises NotFound."""
    row = snapshots.get(at.db, snapshot_id)
    origin = volumes_db.get(at.db, row.volume_id)
    node = _snapshot(at, row)
    return Node(
        label=row.name or row.id, word=str(row.status), detail=row.reason or f"{row.size_gib} GiB",
        meaning="failed" if str(row.status).startswith("error") else node.meaning,
        kind="snapshot", id=row.id,
        children=(
            replace(node, label="bytes", kind="", id=""),
            Node(
                label=f"taken of volume {origin.name or origin.id}", word=str(origin.status),
                meaning=_meaning(origin), detail=f"{origin.size_gib} GiB", kind="volume",
                id=origin.id,
            ),
            *(
                _from("volume", made.id, made.name, word="made into")
                for made in volumes_db.made_from(at.db, row.id, project_id=row.project_id)
            ),
            parts.row(
                "snapshots", status=row.status, volume_id=row.volume_id, host=row.host,
                updated_at=row.updated_at, request_id=row.request_id,
            ),
            parts.waiting(at.queue, row.id),
        ),
    )  # fmt: skip


def part(at: Sources, row: Volume) -> Node:
    """A volume as a part of its instance: bytes and export below it."""
    look = at.looks.volumes(row.host, row.id)
    found = look.part("volumes", row.id)
    children: list[Node]
    if look.value is None:
        children = [unknown("bytes", look.reason)]
    else:
        children = [_bytes(row, found), *_export(row, found)]
    return Node(
        label=f"volume {row.name or row.id}", word=str(row.status), meaning=_meaning(row),
        detail=row.reason or f"{row.size_gib} GiB" + (f"  {row.device}" if row.device else ""),
        kind="volume", id=row.id, children=tuple(children),
    )  # fmt: skip


def _meaning(row: Volume) -> Meaning:
    if str(row.status).startswith("error"):
        return "failed"
    return _MEANING.get(row.status, "busy")


def _is_changing(row: Volume) -> bool:
    return row.status not in (VolumeStatus.AVAILABLE, VolumeStatus.IN_USE)


def _bytes(row: Volume, found: Json | None) -> Node:
    if found is None or not found["is_there"]:
        if row.status in _UNMADE:
            return Node(label="bytes", word="none yet", meaning="busy")
        where = found["path"] if found else "the pool"
        return checked("bytes", f"{where} does not have them", is_changing=_is_changing(row))
    size, wanted, used = found["size_bytes"], row.size_gib << 30, found["used_bytes"]
    mismatch = ""
    if size is not None and size != wanted:
        mismatch = f"the row says {row.size_gib} GiB, there are {gib(size)}"
    detail = f"{found['path']}  {gib(used or 0)} of {gib(wanted)}"
    return checked("bytes", mismatch, is_changing=_is_changing(row), detail=detail)


def _export(row: Volume, found: Json | None) -> list[Node]:
    export = found["export"] if found else None
    if row.target is None:
        if export and row.status is VolumeStatus.AVAILABLE:
            return [checked("export", "it is exported, and no instance is to have it; the volume "
                                      "worker takes it away at its next round (30 s)")]  # fmt: skip
        return []
    where = parse_target(row.target)
    mismatch = ""
    if export is None:
        mismatch = "the target is not there; the volume worker shows it again at its next round"
    elif not export["is_right"]:
        mismatch = f"the target shows other bytes than {found['path'] if found else '?'}"
    elif export["lun"] != where.lun:
        mismatch = f"the target's disk is LUN {export['lun']}, the row says {where.lun}"
    return [
        checked(
            "export", mismatch, is_changing=_is_changing(row), word="shown",
            detail=f"{where.iqn}  {where.address}:{where.port}  LUN {where.lun}",
            children=[_sessions(found)] if not mismatch else [],
        )
    ]  # fmt: skip


def _sessions(found: Json | None) -> Node:
    sessions = found["sessions"] if found else []
    if sessions:
        return Node(label="session", word="logged in", detail=", ".join(sessions))
    return Node(
        label="session", word="nobody", meaning="off",
        detail="no initiator is logged in: its guest is off, or waits for the disk",
    )  # fmt: skip


def _origin(at: Sources, row: Volume) -> list[Node]:
    if row.image_id:
        try:
            name = images.get(at.db, row.image_id).name
        except errors.NotFound:
            name = None
        return [_from("image", row.image_id, name)]
    if row.snapshot_id:
        return [_from("snapshot", row.snapshot_id, None)]
    if row.source_volume_id:
        return [_from("volume", row.source_volume_id, None)]
    return []


def _from(kind: str, key: str, name: str | None, *, word: str = "made from") -> Node:
    return Node(label=f"{word} {kind} {name or key}", kind=kind, id=key)


def _snapshot(at: Sources, row: Snapshot) -> Node:
    look = at.looks.volumes(row.host, row.volume_id)
    label = f"snapshot {row.name or row.id}"
    if look.value is None:
        return unknown(label, look.reason)
    found, wanted = look.part("snapshots", row.id), row.size_gib << 30
    size = found["size_bytes"] if found else None
    mismatch = "" if found else "the pool does not have it"
    if size is not None and size != wanted:
        mismatch = f"the row says {row.size_gib} GiB, there are {gib(size)}"
    used = f"{found['path']}  {gib(found['used_bytes'] or 0)} of " if found else ""
    return checked(
        label, mismatch, is_changing=row.status != "available", word=str(row.status),
        detail=f"{used}{gib(wanted)}", kind="snapshot", object_id=row.id,
    )  # fmt: skip
