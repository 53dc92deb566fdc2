"""A compute host with its room, how all their room was once, and a process that reports in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One row of `hosts`, with what its instances have taken of it."""

    name: str
    zone: str
    vcpus: int
    memory_mib: int
    disk_gib: int
    hypervisor: str
    virt_type: str
    is_enabled: int
    disabled_reason: str | None
    seen_at: str
    vcpus_used: int
    memory_mib_used: int
    disk_gib_used: int
    instances: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One row of `capacity_samples`: all hosts together, and what instances had, at `at`."""

    at: str
    vcpus: int
    memory_mib: int
    disk_gib: int
    instances: int
    vcpus_used: int
    memory_mib_used: int
    disk_gib_used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One row of `services`: a process that serves a topic or an address."""

    topic: str
    name: str
    host: str
    pid: int
    started_at: str
    seen_at: str
    trouble: str  # what a person should do something about; empty when nothing
