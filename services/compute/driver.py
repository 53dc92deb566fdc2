"""What a hypervisor must do for us, and the values it is told. Knows no row, queue or network.

Instances are named by id only; everything a verb needs is in its arguments, so a driver keeps no
state of its own and a restarted process carries on where the killed one stopped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from appliance.ids import PREFIX, InstanceId, VolumeId
from appliance.model.states import PowerState
from appliance.model.volume import Target
from services.compute.guest import Guest, Usage

ON: Final = (PowerState.RUNNING, PowerState.PAUSED, PowerState.SUSPENDED)  # it has its memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """A file the guest sees as a disk; every folder above it lets the QEMU user pass."""

    path: Path
    format: str = "qcow2"  # as QEMU names it; never guessed from the bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeDisk:
    """A volume that the guest has over iSCSI; its serial number is the volume's id.

    The password reaches the hypervisor as a secret that exists only while a verb needs it, and
    never a file, a log, a trace or a command line.
    """

    volume_id: VolumeId
    target: Target
    initiator: str  # the name by which this host logs in
    username: str
    password: str = field(repr=False)
    device: str  # vdb: where the guest is asked to show it


@dataclass(frozen=True, slots=True, kw_only=True)
class Nic:
    """One network card on a tap that exists already, rules in place."""

    tap: str
    mac: str
    mtu: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """A kernel started directly (aki, ari), instead of the disk's own boot loader."""

    kernel: Path
    ramdisk: Path | None = None
    cmdline: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestSpec:
    """All of one guest. `metadata` is for people who read the domain; no driver acts on it."""

    instance_id: InstanceId
    vcpus: int
    memory_mib: int
    console_log: Path
    disk: Disk | None = None
    boot: Boot | None = None
    config_drive: Path | None = None
    nics: tuple[Nic, ...] = ()
    volumes: tuple[VolumeDisk, ...] = ()  # the first is what it boots from if there is no disk
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The domain's name, by which people and `reset` find it."""
        return domain_name(self.instance_id)


def domain_name(instance_id: InstanceId) -> str:
    """Name of the instance's domain: our prefix and the id."""
    return f"{PREFIX}-{instance_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostResources:
    """What the host has, used or not; what may be promised of it is the scheduler's to say."""

    vcpus: int
    memory_mib: int
    disk_gib: int
    hypervisor_type: str  # QEMU, TEST, fake
    hypervisor_version: int  # Nova's number: major * 1,000,000 + minor * 1,000 + release
    virt_type: str  # kvm or qemu


class Line(Protocol):
    """A guest's serial line, opened. What the guest prints is in its console log, whoever listens.

    Somebody must read for as long as it is open: QEMU holds a guest that prints until there is room
    in the line's buffer. One thread may read while another does the rest. All but `read` and
    `close` raise HypervisorError.
    """

    def read(self) -> bytes:
        """Wait for what the guest prints; empty when the line is closed or the guest went off."""
        ...

    def write(self, data: bytes, *, timeout_s: float) -> None:
        """Have the guest get all of it, as if typed.

        Raises when it takes nothing for `timeout_s`; it may then have got a part.
        """
        ...

    def send_break(self) -> None:
        """Hold the line down, as the Break key does: Linux takes the next key as a SysRq."""
        ...

    def close(self) -> None:
        """Let go of the line; again is fine."""
        ...


class ComputeDriver(Protocol):
    """The verbs. Each may be repeated after a crash at any point and then finishes the work.

    All raise HypervisorError, which carries what was tried, when the hypervisor refuses or does
    not answer in time. Files named in a GuestSpec belong to the caller: a driver reads and writes
    them but never removes them.
    """

    def resources(self) -> HostResources:
        """What this host has."""
        ...

    def spawn(self, spec: GuestSpec) -> None:
        """Define and start the guest, and return when its processor runs.

        A start is marked in the console log (`console.mark_boot`).
        A running domain of this id is left as it is; one that is defined but off is defined anew
        and started. On failure no domain of this id is left.
        """
        ...

    def destroy(self, instance_id: InstanceId) -> None:
        """Switch the guest off and forget its domain; none of this id is fine."""
        ...

    def resume(self, instance_id: InstanceId) -> None:
        """Let a guest that is paused or suspended go on; a running one is left alone.

        Raises HypervisorError for a guest that is off, or none: spawn it.
        """
        ...

    def stop(self, instance_id: InstanceId, *, timeout_s: float) -> None:
        """Press the power button; pull the plug if the guest still runs after `timeout_s`.

        `timeout_s` of 0 pulls the plug at once. A guest that is off, or none, is fine.
        """
        ...

    def attach(self, instance_id: InstanceId, volume: VolumeDisk) -> None:
        """Give the guest the volume, now if it runs and at its next start; having it is fine.

        Raises HypervisorError, with nothing left behind, when there is no such domain or the
        target refuses.
        """
        ...

    def detach(self, instance_id: InstanceId, volume_id: VolumeId, *, timeout_s: float) -> None:
        """Take the volume from the guest, and return when the guest has let go of it.

        Not having it, or no such domain, is fine. Raises HypervisorError when a running guest
        holds on to it for `timeout_s`; it then keeps it.
        """
        ...

    def volumes(self, instance_id: InstanceId) -> frozenset[VolumeId]:
        """The volumes that the guest has, or gets at its next start; none if there is no domain."""
        ...

    def open_line(self, instance_id: InstanceId) -> Line:
        """The guest's serial line. Raises HypervisorError for a guest that is off, or none."""
        ...

    def send_ctrl_alt_del(self, instance_id: InstanceId) -> None:
        """Press Ctrl+Alt+Del on the guest's keyboard; what becomes of it is the guest's to say.

        Raises HypervisorError for a guest that is off, or none.
        """
        ...

    def power_state(self, instance_id: InstanceId) -> PowerState:
        """The guest's state; NOSTATE if there is no such domain."""
        ...

    def guests(self) -> Mapping[InstanceId, PowerState]:
        """State by instance id of every domain of this cloud, and of no other."""
        ...

    def guest(self, instance_id: InstanceId) -> Guest | None:
        """What the guest is made of; None if there is no such domain."""
        ...

    def usage(self) -> Mapping[InstanceId, Usage]:
        """What each guest of this cloud that is on has used since it started."""
        ...
