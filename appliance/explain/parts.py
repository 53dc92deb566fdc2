"""Why a topic takes nothing, a service is down, a host takes no instances."""

from appliance import clock, errors, processes, queue
from appliance.db import hosts
from appliance.errors import Reason
from appliance.explain import waiting
from appliance.explain.explanation import Evidence, Explanation
from appliance.model.host import Host


def explain_topic(evidence: Evidence, key: str) -> Explanation:
    """Why messages of the topic wait. Raises NotFound."""
    state = evidence.queues.state(key)
    if key == queue.DEAD:
        return Explanation(
            state="dead", advice=("Look at each: retry it or drop it.",) if state.depth else (),
            summary=f"{state.depth} messages whose step failed for good, or that were put aside.",
        )  # fmt: skip
    reasons, advice = waiting.blocked(evidence, key)
    if state.is_paused:
        left_s = max((state.paused_until or 0) - clock.now(), 0)
        summary = f"It is paused for {left_s:.0f} s more: messages come in and none is taken."
    elif reasons:
        summary = "Nobody takes its messages."
    elif state.depth:
        summary = f"{state.depth} messages wait; the oldest since {state.oldest_age_s or 0:.0f} s."
    else:
        summary = "Nothing waits: each message is taken as it comes."
    name = "paused" if state.is_paused else "busy" if state.depth else "idle"
    return Explanation(state=name, summary=summary, reasons=reasons, advice=advice)


def explain_service(evidence: Evidence, key: str) -> Explanation:
    """Why the service is down, or since when it is up. `key` is its topic. Raises NotFound."""
    service = waiting.service(evidence, key)
    if service is None:
        raise errors.NotFound("service", key)
    if processes.is_up(service, here=evidence.settings.host):
        up_s = clock.now() - clock.seconds(service.started_at)
        summary = f"It runs since {up_s:.0f} s, as process {service.pid} on {service.host}."
        state = waiting.topic_state(evidence, key)
        reasons = (waiting.paused(state),) if state and state.is_paused else ()
        return Explanation(state="up", summary=summary, reasons=reasons)
    is_here = service.host == evidence.settings.host
    gone = is_here and not processes.is_alive(service.pid)
    what = f"Its process {service.pid} is gone." if gone else "Its process says nothing any more."
    folder = evidence.settings.home / "log"
    return Explanation(
        state="down", summary=what, reasons=(waiting.down(service),),
        advice=(f"Its last words are in {folder}/{service.name}.log; `novabox up` starts it.",),
    )  # fmt: skip


def explain_host(evidence: Evidence, key: str) -> Explanation:
    """Why the host takes no instances, or how full it is. Raises NotFound."""
    host = next((one for one in hosts.all_hosts(evidence.db) if one.name == key), None)
    if host is None:
        raise errors.NotFound("host", key)
    silent_s = clock.now() - clock.seconds(host.seen_at)
    if silent_s > evidence.settings.scheduler.host_down_s:
        reasons, advice = waiting.blocked(evidence, f"compute.{key}")
        summary = f"It was last heard of {silent_s:.0f} s ago: it takes no instances."
        return Explanation(state="down", summary=summary, reasons=reasons, advice=advice)
    if not host.is_enabled:
        summary = f"An operator took it out: {host.disabled_reason or 'no reason given'}."
        return Explanation(state="disabled", summary=summary, reasons=_room(evidence, host))
    summary = f"It takes instances, and has {host.instances}."
    return Explanation(state="up", summary=summary, reasons=_room(evidence, host))


def _room(evidence: Evidence, host: Host) -> tuple[Reason, ...]:
    ratios = evidence.settings.scheduler
    rows = (
        ("vCPUs", host.vcpus_used, int(host.vcpus * ratios.cpu_allocation_ratio), "vCPUs"),
        ("memory", host.memory_mib_used, int(host.memory_mib * ratios.ram_allocation_ratio), "MiB"),
        ("disk", host.disk_gib_used, int(host.disk_gib * ratios.disk_allocation_ratio), "GiB"),
    )
    return tuple(
        Reason(
            what=what, text=f"{used} of {limit} {unit} are given away", free=limit - used,
            limit=limit, unit=unit,
        )
        for what, used, limit, unit in rows
    )  # fmt: skip
