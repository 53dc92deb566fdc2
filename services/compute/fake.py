"""A hypervisor kept in files: the semantics of ComputeDriver in their plainest form.

One JSON file a domain, one lock for the folder: processes share it as they would share a libvirtd.
A test makes a verb fail by writing the reason into `<folder>/refuse/<verb>`.
"""

import contextlib
import fcntl
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from appliance.errors import HypervisorError
from appliance.ids import InstanceId
from appliance.model.states import PowerState
from services.compute.driver import GuestSpec, HostResources, domain_name

_OFF = (PowerState.SHUTDOWN, PowerState.CRASHED)


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
                if self._read(spec.instance_id) in (None, *_OFF):
                    self._boot(spec.instance_id, spec.console_log)
        except HypervisorError:
            self._file(spec.instance_id).unlink(missing_ok=True)
            raise

    def destroy(self, instance_id: InstanceId) -> None:
        """See ComputeDriver.destroy."""
        with self._verb("destroy", instance_id):
            self._file(instance_id).unlink(missing_ok=True)

    def start(self, instance_id: InstanceId) -> None:
        """See ComputeDriver.start."""
        with self._verb("start", instance_id):
            state = self._read(instance_id)
            if state is None:
                raise HypervisorError(
                    f"instance {instance_id}: no domain {domain_name(instance_id)} to start"
                )
            if state in _OFF:
                self._boot(instance_id, self._console_log(instance_id))
            else:
                self._write(instance_id, PowerState.RUNNING, self._console_log(instance_id))

    def stop(self, instance_id: InstanceId, *, timeout_s: float) -> None:
        """See ComputeDriver.stop. These guests obey the power button at once."""
        with self._verb("stop", instance_id):
            if self._read(instance_id) is not None:
                self._write(instance_id, PowerState.SHUTDOWN, self._console_log(instance_id))

    def reboot(self, instance_id: InstanceId, *, hard: bool, timeout_s: float) -> None:
        """See ComputeDriver.reboot."""
        self.stop(instance_id, timeout_s=0 if hard else timeout_s)
        self.start(instance_id)

    def power_state(self, instance_id: InstanceId) -> PowerState:
        """See ComputeDriver.power_state."""
        with self._verb("power_state", instance_id):
            state = self._read(instance_id)
        return PowerState.NOSTATE if state is None else state

    def guests(self) -> Mapping[InstanceId, PowerState]:
        """See ComputeDriver.guests."""
        with self._verb("guests"):
            ids = [InstanceId(path.stem) for path in self._domains.glob("*.json")]
            found = ((instance_id, self._read(instance_id)) for instance_id in ids)
            return {instance_id: state for instance_id, state in found if state is not None}

    def crash(self, instance_id: InstanceId) -> None:
        """What a test calls to have QEMU die."""
        with self._locked():
            self._write(instance_id, PowerState.CRASHED, self._console_log(instance_id))

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

    def _boot(self, instance_id: InstanceId, console_log: Path) -> None:
        with console_log.open("a") as log:
            log.write(f"{domain_name(instance_id)} login:\n")
        self._write(instance_id, PowerState.RUNNING, console_log)

    def _file(self, instance_id: InstanceId) -> Path:
        return self._domains / f"{instance_id}.json"

    def _read(self, instance_id: InstanceId) -> PowerState | None:
        path = self._file(instance_id)
        return PowerState(json.loads(path.read_text())["state"]) if path.exists() else None

    def _console_log(self, instance_id: InstanceId) -> Path:
        return Path(json.loads(self._file(instance_id).read_text())["console_log"])

    def _write(self, instance_id: InstanceId, state: PowerState, console_log: Path) -> None:
        path = self._file(instance_id)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps({"state": state, "console_log": str(console_log)}))
        fresh.replace(path)
