"""Filters: each refuses a host for a request with a reason in numbers, or lets it pass.

Source of the names: Nova, scheduler/filters/.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from appliance import clock, config, errors
from appliance.model.host import Host


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What an instance asks of a host; `zone` empty means any."""

    vcpus: int
    memory_mib: int
    disk_gib: int
    zone: str = ""


Filter = Callable[[Host, Request, config.Scheduler], str | None]


def host_up(host: Host, request: Request, settings: config.Scheduler) -> str | None:
    """The host's worker reported in lately."""
    silent_s = clock.now() - clock.seconds(host.seen_at)
    if silent_s > settings.host_down_s:
        return f"silent for {silent_s:.0f} s, more than {settings.host_down_s:.0f} s"
    return None


def enabled(host: Host, request: Request, settings: config.Scheduler) -> str | None:
    """No operator has taken the host out."""
    return None if host.is_enabled else f"disabled: {host.disabled_reason or 'no reason given'}"


def availability_zone(host: Host, request: Request, settings: config.Scheduler) -> str | None:
    """The host is in the zone asked for."""
    if request.zone in ("", host.zone):
        return None
    return f"in zone {host.zone}, asked for {request.zone}"


def core(host: Host, request: Request, settings: config.Scheduler) -> str | None:
    """Virtual CPUs fit, with the allocation ratio; never more than the host has for one guest."""
    if request.vcpus > host.vcpus:
        return f"{request.vcpus} vCPUs asked, the host has {host.vcpus}"
    free = int(host.vcpus * settings.cpu_allocation_ratio) - host.vcpus_used
    return None if request.vcpus <= free else f"{request.vcpus} vCPUs asked, {free} free"


def ram(host: Host, request: Request, settings: config.Scheduler) -> str | None:
    """Memory fits, with the allocation ratio."""
    free = int(host.memory_mib * settings.ram_allocation_ratio) - host.memory_mib_used
    return None if request.memory_mib <= free else f"{request.memory_mib} MiB asked, {free} free"


def disk(host: Host, request: Request, settings: config.Scheduler) -> str | None:
    """Disk fits, with the allocation ratio."""
    free = int(host.disk_gib * settings.disk_allocation_ratio) - host.disk_gib_used
    return None if request.disk_gib <= free else f"{request.disk_gib} GiB asked, {free} free"


FILTERS: Final[tuple[tuple[str, Filter], ...]] = (
    ("HostUpFilter", host_up),
    ("ComputeFilter", enabled),
    ("AvailabilityZoneFilter", availability_zone),
    ("CoreFilter", core),
    ("RamFilter", ram),
    ("DiskFilter", disk),
)


def sift(
    hosts: Sequence[Host], request: Request, settings: config.Scheduler
) -> tuple[list[Host], list[errors.Refusal]]:
    """The hosts that every filter lets pass, and why each of the others was refused."""
    passed: list[Host] = []
    refusals: list[errors.Refusal] = []
    for host in hosts:
        reasons = [
            errors.Refusal(host=host.name, filter=name, reason=reason)
            for name, look in FILTERS
            if (reason := look(host, request, settings))
        ]
        refusals += reasons
        if not reasons:
            passed.append(host)
    return passed, refusals
