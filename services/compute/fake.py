"""A hypervisor kept in files: the semantics of ComputeDriver in their plainest form.

One JSON file a domain, one lock for the folder: processes share it as they would share a libvirtd.
A test makes a verb fail by writing the reason into `<folder>/refuse/<verb>`.
"""

import contextlib
import fcntl
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from appliance.errors import HypervisorError
from appliance.ids import InstanceId, VolumeId
from appliance.model.states import PowerState
from services.compute import console
from services.compute.driver import ON, GuestSpec, HostResources, Line, VolumeDisk, domain_name
from services.compute.fake_guest import FakeGuest
from services.compute.guest import DiskUse, Guest, NicUse, Usage

_OFF = (PowerState.SHUTDOWN, PowerState.CRASHED)


@dataclass(slots=True, kw_only=True)
class _Domain:
    state: PowerState
    console_log: str = ""
    boots: int = 1
    volumes: dict[VolumeId, str] = field(default_factory=dict)  # volume id: its target
    vcpus: int = 1
    memory_mib: int = 0
    disks: list[str] = field(default_factory=list)
    mac_by_tap: dict[str, str] = field(default_factory=dict)
    started_at: float = 0.0


class Fake:
    """ComputeDriver on `folder`, which is made when it is missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._domains = folder / "domains"
        self._domains.mkdir(parents=True, exist_ok=True)
        (folder / "refuse").mkdir(exist_ok=True)

    def resources(self) -> HostResources:
        """Room for a class of thirty."""
        with self._verb("resources"):
            return HostResources(
                vcpus=16, memory_mib=32768, disk_gib=1024,
                hypervisor_type="fake", hypervisor_version=1_000_000, virt_type="qemu",
            )  # fmt: skip

    def spawn(self, spec: GuestSpec) -> None:
        """See ComputeDriver.spawn. The guest prints one line on its console."""
        try:
            with self._verb("spawn", spec.instance_id):
                domain = self._read(spec.instance_id)
                if domain is None or domain.state in _OFF:
                    self._boot(spec)
        except HypervisorError:
            self._file(spec.instance_id).unlink(missing_ok=True)
            raise

    def destroy(self, instance_id: InstanceId) -> None:
        """See ComputeDriver.destroy."""
        with self._verb("destroy", instance_id):
            self._file(instance_id).unlink(missing_ok=True)

    def resume(self, instance_id: InstanceId) -> None:
        """See ComputeDriver.resume."""
        with self._verb("resume", instance_id):
            domain = self._read_on(instance_id)
            domain.state = PowerState.RUNNING
            self._write(instance_id, domain)

    def stop(self, instance_id: InstanceId, *, timeout_s: float) -> None:
        """See ComputeDriver.stop. These guests obey the power button at once."""
        with self._verb("stop", instance_id):
            self._change(instance_id, PowerState.SHUTDOWN)

    def attach(self, instance_id: InstanceId, volume: VolumeDisk) -> None:
        """See ComputeDriver.attach."""
        with self._verb("attach", instance_id):
            domain = self._read(instance_id)
            if domain is None:
                raise HypervisorError(
                    f"volume {volume.volume_id}: no domain {domain_name(instance_id)} to attach "
                    "it to"
                )
            domain.volumes[volume.volume_id] = str(volume.target)
            self._write(instance_id, domain)

    def detach(self, instance_id: InstanceId, volume_id: VolumeId, *, timeout_s: float) -> None:
        """See ComputeDriver.detach. These guests let go at once."""
        with self._verb("detach", instance_id):
            domain = self._read(instance_id)
            if domain is not None and volume_id in domain.volumes:
                del domain.volumes[volume_id]
                self._write(instance_id, domain)

    def volumes(self, instance_id: InstanceId) -> frozenset[VolumeId]:
        """See ComputeDriver.volumes."""
        with self._verb("volumes", instance_id):
            domain = self._read(instance_id)
        return frozenset(domain.volumes if domain else ())

    def open_line(self, instance_id: InstanceId) -> Line:
        """See ComputeDriver.open_line. The guest has a shell for as long as the line is open."""
        with self._verb("open_line", instance_id):
            domain = self._read(instance_id)
        if domain is None or domain.state is not PowerState.RUNNING:
            raise HypervisorError(f"instance {instance_id}: no serial line: it is not on")
        started = domain.boots

        def is_on() -> bool:
            now = self._read(instance_id)
            return now is not None and now.state is PowerState.RUNNING and now.boots == started

        return FakeGuest(Path(domain.console_log), name=domain_name(instance_id), is_on=is_on)

    def send_ctrl_alt_del(self, instance_id: InstanceId) -> None:
        """See ComputeDriver.send_ctrl_alt_del. These guests start anew, as Linux does."""
        with self._verb("send_ctrl_alt_del", instance_id):
            domain = self._read_on(instance_id)
            _greet(Path(domain.console_log), domain_name(instance_id))

    def power_state(self, instance_id: InstanceId) -> PowerState:
        """See ComputeDriver.power_state."""
        with self._verb("power_state", instance_id):
            domain = self._read(instance_id)
        return domain.state if domain else PowerState.NOSTATE

    def guests(self) -> Mapping[InstanceId, PowerState]:
        """See ComputeDriver.guests."""
        with self._verb("guests"):
            ids = [InstanceId(path.stem) for path in self._domains.glob("*.json")]
            found = ((instance_id, self._read(instance_id)) for instance_id in ids)
            return {instance_id: domain.state for instance_id, domain in found if domain}

    def guest(self, instance_id: InstanceId) -> Guest | None:
        """See ComputeDriver.guest. These guests are no processes."""
        with self._verb("guest", instance_id):
            domain = self._read(instance_id)
        if domain is None:
            return None
        return Guest(
            state=domain.state, vcpus=domain.vcpus, memory_mib=domain.memory_mib, pid=None,
            disks=tuple(Path(path) for path in domain.disks), backing_by_disk={},
            mac_by_tap=domain.mac_by_tap,
            volumes=frozenset(domain.volumes),
        )  # fmt: skip

    def usage(self) -> Mapping[InstanceId, Usage]:
        """See ComputeDriver.usage. Each uses a tenth of its processors."""
        with self._verb("usage"):
            ids = [InstanceId(path.stem) for path in self._domains.glob("*.json")]
            found = {instance_id: self._read(instance_id) for instance_id in ids}
        return {key: _usage(one) for key, one in found.items() if one and one.state in ON}

    def crash(self, instance_id: InstanceId) -> None:
        """What a test calls to have QEMU die."""
        with self._locked():
            self._change(instance_id, PowerState.CRASHED)

    @contextlib.contextmanager
    def _verb(self, verb: str, instance_id: InstanceId | None = None) -> Iterator[None]:
        with self._locked():
            refusal = self._folder / "refuse" / verb
            if refusal.exists():
                what = f"instance {instance_id}: {verb}" if instance_id else verb
                raise HypervisorError(f"{what}: {refusal.read_text()}", tried={"verb": verb})
            yield

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _boot(self, spec: GuestSpec) -> None:
        console.mark_boot(spec.console_log)
        _greet(spec.console_log, spec.name)
        before = self._read(spec.instance_id)
        domain = _Domain(
            state=PowerState.RUNNING,
            console_log=str(spec.console_log),
            boots=before.boots + 1 if before else 1,
            volumes={one.volume_id: str(one.target) for one in spec.volumes},
            vcpus=spec.vcpus,
            memory_mib=spec.memory_mib,
            disks=[str(path) for path in (spec.disk and spec.disk.path, spec.config_drive) if path],
            mac_by_tap={nic.tap: nic.mac for nic in spec.nics},
            started_at=time.time(),
        )
        self._write(spec.instance_id, domain)

    def _change(self, instance_id: InstanceId, state: PowerState) -> None:
        domain = self._read(instance_id)
        if domain is not None:
            domain.state = state
            self._write(instance_id, domain)

    def _file(self, instance_id: InstanceId) -> Path:
        return self._domains / f"{instance_id}.json"

    def _read(self, instance_id: InstanceId) -> _Domain | None:
        path = self._file(instance_id)
        if not path.exists():
            return None
        domain = _Domain(**json.loads(path.read_text()))
        domain.state = PowerState(domain.state)
        return domain

    def _read_on(self, instance_id: InstanceId) -> _Domain:
        domain = self._read(instance_id)
        if domain is None or domain.state in _OFF:
            raise HypervisorError(
                f"instance {instance_id}: domain {domain_name(instance_id)} is not on"
            )
        return domain

    def _write(self, instance_id: InstanceId, domain: _Domain) -> None:
        path = self._file(instance_id)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(domain)))
        fresh.replace(path)


def _greet(console_log: Path, name: str) -> None:
    with console_log.open("a") as log:
        log.write(f"{name} login:\r\n")


def _usage(domain: _Domain) -> Usage:
    ran_s = max(time.time() - domain.started_at, 0.0)
    each_ns = int(ran_s * 1e8)
    return Usage(
        cpu_time_ns=each_ns * domain.vcpus, vcpu_times_ns=(each_ns,) * domain.vcpus,
        memory_kib=domain.memory_mib << 10, rss_kib=domain.memory_mib << 8,
        disks=tuple(
            DiskUse(name=f"vd{letter}", read_bytes=4096, read_requests=1)
            for letter, _ in zip("az", domain.disks, strict=False)
        ),
        nics=tuple(NicUse(tap=tap, rx_bytes=int(ran_s), tx_bytes=int(ran_s))
                   for tap in domain.mac_by_tap),
    )  # fmt: skip
