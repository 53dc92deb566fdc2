"""Filters: each says of a host whether a request fits on it, and why, in numbers.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What one filter says of one host. Of room it says how much was asked, is free, and is in all
    with the allocation ratio, in `unit`.
    """

    filter: str
    is_passed: bool
    text: str
    asked: int | None = None
    free: int | None = None
    limit: int | None = None
    unit: str = ""


Filter = Callable[[Host, Request, config.Scheduler], Check]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What all filters say of one host, also those after the first that refused."""

    host: Host
    checks: tuple[Check, ...]

    @property
    def is_fit(self) -> bool:
        """Whether every filter lets the host pass."""
        return all(check.is_passed for check in self.checks)

    @property
    def is_willing(self) -> bool:
        """Whether it takes instances at all, however full it is."""
        return all(check.is_passed for check in self.checks if check.asked is None)

    @property
    def refused(self) -> tuple[Check, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if not check.is_passed)

    @property
    def refusals(self) -> list[errors.Refusal]:
        """Why it was refused, filter by filter."""
        return [
            errors.Refusal(
                host=self.host.name, filter=check.filter, reason=check.text, asked=check.asked,
                free=check.free, limit=check.limit, unit=check.unit,
            )
            for check in self.refused
        ]  # fmt: skip


def host_up(host: Host, request: Request, settings: config.Scheduler) -> Check:
    """The host's worker reported in lately."""
    silent_s = clock.now() - clock.seconds(host.seen_at)
    if silent_s > settings.host_down_s:
        text = f"silent for {silent_s:.0f} s, more than {settings.host_down_s:.0f} s"
        return Check(filter="HostUpFilter", is_passed=False, text=text)
    return Check(filter="HostUpFilter", is_passed=True, text="reported in lately")


def enabled(host: Host, request: Request, settings: config.Scheduler) -> Check:
    """No operator has taken the host out."""
    why = "enabled" if host.is_enabled else f"disabled: {host.disabled_reason or 'no reason given'}"
    return Check(filter="ComputeFilter", is_passed=bool(host.is_enabled), text=why)


def availability_zone(host: Host, request: Request, settings: config.Scheduler) -> Check:
    """The host is in the zone asked for."""
    text = f"in zone {host.zone}, asked for {request.zone or 'any'}"
    is_there = request.zone in ("", host.zone)
    return Check(filter="AvailabilityZoneFilter", is_passed=is_there, text=text)


def core(host: Host, request: Request, settings: config.Scheduler) -> Check:
    """Virtual CPUs fit, with the allocation ratio; never more than the host has for one guest."""
    if request.vcpus > host.vcpus:
        text = f"{request.vcpus} vCPUs asked, the host has {host.vcpus}"
        return Check(
            filter="CoreFilter", is_passed=False, text=text, asked=request.vcpus, free=host.vcpus,
            limit=host.vcpus, unit="vCPUs",
        )  # fmt: skip
    return _room(
        "CoreFilter", request.vcpus, used=host.vcpus_used,
        limit=int(host.vcpus * settings.cpu_allocation_ratio), unit="vCPUs",
    )  # fmt: skip


def ram(host: Host, request: Request, settings: config.Scheduler) -> Check:
    """Memory fits, with the allocation ratio."""
    return _room(
        "RamFilter", request.memory_mib, used=host.memory_mib_used,
        limit=int(host.memory_mib * settings.ram_allocation_ratio), unit="MiB",
    )  # fmt: skip


def disk(host: Host, request: Request, settings: config.Scheduler) -> Check:
    """Disk fits, with the allocation ratio."""
    return _room(
        "DiskFilter", request.disk_gib, used=host.disk_gib_used,
        limit=int(host.disk_gib * settings.disk_allocation_ratio), unit="GiB",
    )  # fmt: skip


def _room(name: str, asked: int, *, used: int, limit: int, unit: str) -> Check:
    free = limit - used
    return Check(
        filter=name, is_passed=asked <= free, text=f"{asked} {unit} asked, {free} free",
        asked=asked, free=free, limit=limit, unit=unit,
    )  # fmt: skip


FILTERS: Final[tuple[Filter, ...]] = (host_up, enabled, availability_zone, core, ram, disk)


def sift(
    hosts: Sequence[Host], request: Request, settings: config.Scheduler
) -> tuple[Verdict, ...]:
    """What every filter says of every host."""
    return tuple(
        Verdict(host=host, checks=tuple(look(host, request, settings) for look in FILTERS))
        for host in hosts
    )
