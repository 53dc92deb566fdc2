"""Why a volume or a snapshot is in error, or what it waits for."""

from typing import Final

from appliance.db import instances, snapshots, volumes
from appliance.errors import Reason
from appliance.explain import waiting
from appliance.explain.explanation import Evidence, Explanation
from appliance.model.volume import Volume
from appliance.model.volume_states import AttachStatus, SnapshotStatus, VolumeStatus

_S = VolumeStatus
_ERRORS: Final = (_S.ERROR, _S.ERROR_EXTENDING, _S.ERROR_DELETING)
_WORDS: Final = {
    _S.CREATING: "It is being made.",
    _S.DOWNLOADING: "Its image is being copied into it.",
    _S.RESERVED: "It is promised to an instance; its export comes next.",
    _S.ATTACHING: "It is exported; the guest is to be given it.",
    _S.DETACHING: "It is being detached.",
    _S.EXTENDING: "It is being made larger.",
    _S.DELETING: "Its bytes are being removed.",
}


def explain(evidence: Evidence, key: str) -> Explanation:
    """Why the volume is as it is. Raises NotFound."""
    volume = volumes.get(evidence.db, key)
    if volume.status in _ERRORS:
        return Explanation(
            state=volume.status, summary=volume.reason or "It failed, and nobody said why.",
            advice=("Delete it: that is tried again as often as you ask.",),
            request_id=volume.request_id,
        )  # fmt: skip
    if volume.status in _WORDS:
        reasons, advice = waiting.of(evidence, _topic(evidence, volume), volume)
        return Explanation(
            state=volume.status, summary=_WORDS[volume.status],
            reasons=(*_for_whom(evidence, volume), *_last(volume), *reasons), advice=advice,
            request_id=volume.request_id,
        )  # fmt: skip
    return Explanation(
        state=volume.status, summary=_rest(evidence, volume), reasons=tuple(_last(volume)),
        request_id=volume.request_id,
    )  # fmt: skip


def explain_snapshot(evidence: Evidence, key: str) -> Explanation:
    """Why the snapshot is as it is. Raises NotFound."""
    snapshot = snapshots.get(evidence.db, key)
    if snapshot.status in (SnapshotStatus.ERROR, SnapshotStatus.ERROR_DELETING):
        summary = snapshot.reason or "It failed, and nobody said why."
        advice: tuple[str, ...] = ("Delete it: that is tried again as often as you ask.",)
        return Explanation(
            state=snapshot.status, summary=summary, advice=advice, request_id=snapshot.request_id
        )
    if snapshot.status in (SnapshotStatus.CREATING, SnapshotStatus.DELETING):
        reasons, advice = waiting.of(evidence, f"volume.{snapshot.host}", snapshot)
        return Explanation(
            state=snapshot.status, summary=f"It is {snapshot.status}.", reasons=reasons,
            advice=advice, request_id=snapshot.request_id,
        )  # fmt: skip
    summary = f"It holds {snapshot.size_gib} GiB as they were; volumes can be made from it."
    return Explanation(state=snapshot.status, summary=summary, request_id=snapshot.request_id)


def _topic(evidence: Evidence, volume: Volume) -> str:
    """Whose step is next: while a guest has it, or is to get it, its compute worker's."""
    is_guests = volume.status is _S.ATTACHING or volume.attach_status is AttachStatus.ATTACHED
    if is_guests and volume.instance_id:
        return f"compute.{instances.get(evidence.db, volume.instance_id).host}"
    return f"volume.{volume.host}"


def _for_whom(evidence: Evidence, volume: Volume) -> list[Reason]:
    """The instance that waits for it, or lets it go."""
    if volume.instance_id is None:
        return []
    instance = instances.get(evidence.db, volume.instance_id)
    text = f"as {volume.device}; the instance is {instance.state}"
    return [Reason(what=f"instance {instance.name}", text=text)]


def _last(volume: Volume) -> list[Reason]:
    return [Reason(what="last attempt", text=volume.reason)] if volume.reason else []


def _rest(evidence: Evidence, volume: Volume) -> str:
    if volume.status is _S.IN_USE and volume.instance_id:
        name = instances.get(evidence.db, volume.instance_id).name
        return f"{name} has it, as {volume.device}."
    if volume.status is _S.AVAILABLE:
        return "Nobody has it: it can be attached, extended, or deleted."
    return f"It is {volume.status}."
