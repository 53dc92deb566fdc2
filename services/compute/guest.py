"""A guest as its hypervisor has it now: what it is made of, and what it has used. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from appliance.ids import VolumeId
from appliance.model.states import PowerState


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """What one guest is made of; of one that is off, what it gets at its next start."""

    state: PowerState
    vcpus: int
    memory_mib: int
    pid: int | None  # of its process: None while it is off, and where guests have none
    disks: tuple[Path, ...]  # files, in the order in which the guest sees them
    backing_by_disk: Mapping[Path, Path]  # as far as the hypervisor says
    mac_by_tap: Mapping[str, str]
    volumes: frozenset[VolumeId]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskUse:
    """What went through one disk since the guest started."""

    name: str  # vda
    read_bytes: int = 0
    read_requests: int = 0
    write_bytes: int = 0
    write_requests: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NicUse:
    """What went through one tap since the guest started, as the guest sees it: rx is to it."""

    tap: str
    rx_bytes: int = 0
    rx_packets: int = 0
    rx_errors: int = 0
    rx_dropped: int = 0
    tx_bytes: int = 0
    tx_packets: int = 0
    tx_errors: int = 0
    tx_dropped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Counters of one guest that is on; rates are the difference of two looks."""

    cpu_time_ns: int
    vcpu_times_ns: tuple[int, ...]
    memory_kib: int  # what the guest has
    rss_kib: int  # what its process holds of the host's memory
    disks: tuple[DiskUse, ...]
    nics: tuple[NicUse, ...]
