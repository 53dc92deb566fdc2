"""Plans, explanations and capacity as lines of text; the screens say the same things with bars."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tui import deeds, quantities
from tui.client.nouns.journal import Deed
from tui.client.nouns.planning import (
    Capacity,
    Check,
    Explanation,
    Fit,
    HostRoom,
    Plan,
    ProjectQuota,
    Refusal,
    RunPlan,
    Share,
)
from tui.plain import clean

_ROOM: Final = {"CoreFilter": "vCPU", "RamFilter": "RAM", "DiskFilter": "disk"}
RESOURCES: Final = {
    "vcpus": "vCPUs", "memory_mib": "RAM", "disk_gib": "disk",
}  # fmt: skip
_COUNTED: Final = ("instances", "cores", "ram", "volumes", "gigabytes", "snapshots", "network")


def explanation(found: Explanation) -> list[str]:
    """Return the state, the sentence, the facts and what to do."""
    lines = [clean(f"{found.state}: {found.summary}")]
    lines += [clean(f"  {one.what}: {one.text}") for one in found.reasons]
    lines += [clean(f"→ {one}") for one in found.advice]
    return [*lines, *([f"  novabox trace {found.request_id}"] if found.request_id else [])]


def run_plan(found: RunPlan) -> list[str]:
    """Return the host, what it and the quota say, and the refusal."""
    lines = [f"would run on {found.host}" if found.host else "would run nowhere"]
    if found.count.asked > 1:
        lines[0] += f", {found.count.placed} of {found.count.asked} have room"
    for host in found.hosts:
        lines.append(clean(f"{host.name}"))
        lines += [f"  {mark(check.is_passed)} {room(check)}" for check in host.checks]
    lines += ["quota", *(f"  {mark(not one.is_exceeded)} {share(one)}" for one in found.quota)]
    if found.image and found.image.size_bytes is not None:
        where = "is on the host" if found.image.is_cached else "has to be fetched"
        lines.append(f"image {quantities.size(found.image.size_bytes)}, {where}")
    return [*lines, *_refused(found.refusal)]


def _undo(found: Plan) -> str:
    if not found.is_undoable:
        return "nothing undoes it"
    return f"can be undone for {quantities.age(found.undo_s)}" if found.undo_s else "can be undone"


def entries(found: Iterable[Deed], *, now_s: float) -> list[str]:
    """Return a line an entry of the journal, the newest first, and how it is undone."""
    lines = [f"{'AT':<9}{'USER':<10}{'CLIENT':<10}{'STATE':<9}{'UNDO':>6}  WHAT"]
    for one in found:
        lines.append(
            clean(
                f"{quantities.clock(one.at):<9}{(one.user or '-')[:9]:<10}"
                f"{(one.client or '-')[:9]:<10}{one.state:<9}"
                f"{deeds.left(one, now_s):>6}  {one.what}"
            )
        )
        lines.append(f"{'':46}{one.id}")
    return lines if len(lines) > 1 else ["Nothing was changed yet."]


def turned(found: Deed) -> list[str]:
    """Return what an undo or a redo did."""
    if found.state == "undone":
        return [clean(f"undone: {found.what}"), f"  novabox redo {found.id}  does it again"]
    return [clean(f"done again: {found.what}"), f"  novabox undo {found.id}  takes it back"]


def plan(found: Plan) -> list[str]:
    """Return each object and what becomes of it."""
    lines = [clean(f"{one.kind:14} {one.name or one.id}  {one.what}") for one in found.touches]
    if found.frees_bytes:
        lines.append(f"frees {quantities.size(found.frees_bytes)}")
    if found.touches:
        lines.append(_undo(found))
    return [*lines, *_refused(found.refusal)]


def capacity(found: Capacity) -> list[str]:
    """Return hosts, what fits, quotas and the forecast."""
    lines = [line for host in found.hosts for line in _host(host)]
    for one in found.imagined:
        where = f"would go to {one.host}" if one.host else f"fits nowhere: {one.why_not}"
        lines.append(f"one more {one.flavor} {where}")
    lines += ["what still fits", *(f"  {fits(one)}" for one in found.fits)]
    for project in found.quotas:
        lines += [clean(f"quota of {project.project}"), f"  {_used(project)}"]
    return [*lines, *(forecast(one.resource, one.full_in_s) for one in found.forecasts)]


def room(check: Check) -> str:
    """Return what a filter says; room as ``RAM 9.1G + 512M of 16.0G``."""
    if check.asked is None or check.free is None or check.limit is None:
        return clean(check.text)
    used = check.limit - check.free
    name = _ROOM.get(check.filter, check.filter)
    amounts = (amount(value, check.unit) for value in (used, check.asked, check.limit))
    return "{} {} + {} of {}".format(name, *amounts)


def amount(value: float, unit: str) -> str:
    """Return a number with the shortest form of its unit."""
    if unit == "MiB":
        return quantities.memory(value)
    return f"{value:g}G" if unit == "GiB" else f"{value:g}"


def share(one: Share) -> str:
    """Return what a request takes of a limit: ``instances 6 → 7 of 10``."""
    after, of = one.used + one.asked, "" if one.limit < 0 else f" of {_limit(one)}"
    unit = "MiB" if one.resource == "ram" else ""
    return f"{one.resource} {amount(one.used, unit)} → {amount(after, unit)}{of}"


def fits(one: Fit) -> str:
    """Return ``m1.tiny ×12``, or why none."""
    return f"{one.flavor} ×{one.count}" if one.count else clean(f"{one.flavor} ✗ {one.why_not}")


def forecast(resource: str, full_in_s: float) -> str:
    """Return when a resource is used up."""
    name = RESOURCES.get(resource, resource)
    when = "now" if full_in_s < 1 else f"in {quantities.age(full_in_s)}"
    return f"{name} will be given away {when}, at the rate of late (a straight line)"


def mark(is_good: bool) -> str:
    """Return the sign of yes or no."""
    return "●" if is_good else "✗"


def _limit(one: Share) -> str:
    return amount(one.limit, "MiB" if one.resource == "ram" else "")


def _host(host: HostRoom) -> Iterable[str]:
    yield clean(f"{host.name}  {'up' if host.is_up else 'takes no instances'}")
    rows = (
        ("vCPU", host.vcpus_used, host.vcpus_limit, host.vcpus, ""),
        ("RAM", host.memory_mib_used, host.memory_mib_limit, host.memory_mib, "MiB"),
        ("disk", host.disk_gib_used, host.disk_gib_limit, host.disk_gib, "GiB"),
    )
    for name, used, limit, real, unit in rows:
        ratio = f"  (×{limit / real:g} of {amount(real, unit)})" if real and limit != real else ""
        yield f"  {name:5} {amount(used, unit)} of {amount(limit, unit)}{ratio}"
    for guest in host.instances:
        cost = f"{guest.vcpus} vCPU  {quantities.memory(guest.memory_mib)}  {guest.disk_gib}G"
        yield clean(f"    {guest.name:20} {guest.state:9} {cost}")


def _used(project: ProjectQuota) -> str:
    found = (project.of(name) for name in _COUNTED)
    return ", ".join(
        f"{one.resource} {one.used}" + (f"/{one.limit}" if one.limit >= 0 else "") for one in found
    )


def _refused(refusal: Refusal | None) -> list[str]:
    return [clean(f"refused: {refusal.message}")] if refusal else []
