"""Why an instance is in error, or how far its making is and what it waits for."""

from typing import Final

from appliance.db import instances, volumes
from appliance.errors import Reason
from appliance.explain import waiting
from appliance.explain.explanation import Evidence, Explanation
from appliance.model import states
from appliance.model.instance import Instance
from appliance.model.states import TaskState, VmState

_T = TaskState
_STEPS: Final = (_T.SCHEDULING, _T.NETWORKING, _T.BLOCK_DEVICE_MAPPING, _T.SPAWNING)
_WORDS: Final = {
    _T.SCHEDULING: "choosing a host",
    _T.NETWORKING: "wiring its network",
    _T.BLOCK_DEVICE_MAPPING: "connecting its volumes",
    _T.SPAWNING: "bringing its image and starting the guest",
    _T.POWERING_OFF: "shutting the guest down",
    _T.POWERING_ON: "starting the guest",
    _T.REBOOTING: "asking the guest to reboot",
    _T.REBOOTING_HARD: "switching the guest off and on",
    _T.DELETING: "taking the guest and its disk away",
}
_RESTS: Final = {
    VmState.ACTIVE: "It runs; nothing is being done to it.",
    VmState.STOPPED: "It is switched off; its disk, addresses and volumes are kept.",
    VmState.PAUSED: "Its guest is paused: it keeps its memory and computes nothing.",
    VmState.SUSPENDED: "Its guest is suspended: its memory is on disk.",
    VmState.DELETED: "It is deleted.",
}


def explain(evidence: Evidence, key: str) -> Explanation:
    """Why the instance is as it is. Raises NotFound."""
    instance = instances.get(evidence.db, key)
    status = states.status(instance.vm_state, instance.task_state)
    if instance.vm_state is VmState.ERROR and instance.task_state in (None, _T.NETWORKING):
        return _failed(evidence, instance)
    if instance.task_state is not None:
        return _under_way(evidence, instance, status)
    advice = ("Start it.",) if instance.vm_state is VmState.STOPPED else ()
    return Explanation(
        state=status, summary=_RESTS.get(instance.vm_state, f"It is {instance.vm_state}."),
        advice=advice, request_id=instance.request_id,
    )  # fmt: skip


def _failed(evidence: Evidence, instance: Instance) -> Explanation:
    fault = instances.fault(evidence.db, instance.id)
    if fault is None:
        return Explanation(
            state="ERROR", summary="It failed, and nobody said why.",
            request_id=instance.request_id,
        )  # fmt: skip
    advice = "When that is mended, delete this instance and run it again."
    if instance.launched_at:
        advice = "Reboot it hard: that makes its guest anew from the same disk."
    return Explanation(
        state="ERROR", summary=fault.message, reasons=fault.reasons, advice=(advice,),
        request_id=fault.request_id,
    )  # fmt: skip


def _under_way(evidence: Evidence, instance: Instance, status: str) -> Explanation:
    task = instance.task_state or _T.SCHEDULING
    reasons, advice = waiting.of(evidence, _topic(evidence, instance, task), instance)
    return Explanation(
        state=status, summary=_progress(evidence, instance, task),
        reasons=(*_moving(evidence, instance), *reasons), advice=advice,
        request_id=instance.request_id,
    )  # fmt: skip


def _progress(evidence: Evidence, instance: Instance, task: TaskState) -> str:
    """Which step of how many; a launch without volumes has one less."""
    if instance.vm_state is not VmState.BUILDING or task not in _STEPS:
        words = _WORDS[task] if instance.vm_state is not VmState.DELETED else "freeing its network"
        return f"{words[:1].upper()}{words[1:]}."
    has_volumes = task is _T.BLOCK_DEVICE_MAPPING or volumes.of_instance(evidence.db, instance.id)
    steps = [step for step in _STEPS if has_volumes or step is not _T.BLOCK_DEVICE_MAPPING]
    return f"Step {steps.index(task) + 1} of {len(steps)}: {_WORDS[task]}."


def _topic(evidence: Evidence, instance: Instance, task: TaskState) -> str:
    """Whose step is next."""
    if task is _T.SCHEDULING:
        return "scheduler"
    if task is _T.BLOCK_DEVICE_MAPPING:
        had = volumes.of_instance(evidence.db, instance.id)
        return f"volume.{had[0].host if had else instance.host}"
    return f"{'network' if task is _T.NETWORKING else 'compute'}.{instance.host}"


def _moving(evidence: Evidence, instance: Instance) -> list[Reason]:
    """Bytes that go by for it right now."""
    return [
        Reason(
            what=hop.name, text=f"{hop.bytes or 0:,} of {total:,} bytes have come",
            asked=hop.bytes or 0, limit=total, unit="bytes",
        )
        for hop in evidence.log.request(instance.request_id)
        if hop.kind == "stream" and hop.status == "running"
        and (total := hop.detail.get("total_bytes"))
    ]  # fmt: skip
