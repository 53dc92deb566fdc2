"""The real hypervisor, through libvirt. Knows no row and no queue.

Only this file and the three whose names begin like it import libvirt. Every verb looks at the
domain first and survives a libvirtd that is killed and started again under it: the guests run on,
the connection is opened anew, the verb is repeated.
"""

import logging
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import libvirt

from appliance.errors import HypervisorError
from appliance.ids import PREFIX, InstanceId, VolumeId
from appliance.model.states import PowerState
from services.compute import (
    console,
    domain_look,
    domain_xml,
    libvirt_lines,
    libvirt_volumes,
    qemu_process,
)
from services.compute.driver import GuestSpec, HostResources, Line, VolumeDisk, domain_name
from services.compute.guest import Guest, Usage
from services.compute.libvirt_connection import Connection, find

log = logging.getLogger(__name__)

POLL_S: Final = 0.1
PRESS_S: Final = 3.0  # a guest that is still booting misses the power button: press it again
_CTRL_ALT_DEL: Final = (29, 56, 111)  # KEY_LEFTCTRL, KEY_LEFTALT, KEY_DELETE of Linux' input.h
_HELD_MS: Final = 100
ASK_S: Final = 6.0  # and the request to let go of a disk; QEMU takes no second one within 5 s

_STATES: Final[Mapping[int, PowerState]] = {
    libvirt.VIR_DOMAIN_NOSTATE: PowerState.NOSTATE,
    libvirt.VIR_DOMAIN_RUNNING: PowerState.RUNNING,
    libvirt.VIR_DOMAIN_BLOCKED: PowerState.RUNNING,
    libvirt.VIR_DOMAIN_PAUSED: PowerState.PAUSED,
    libvirt.VIR_DOMAIN_SHUTDOWN: PowerState.RUNNING,  # going down, but its process is there
    libvirt.VIR_DOMAIN_SHUTOFF: PowerState.SHUTDOWN,
    libvirt.VIR_DOMAIN_CRASHED: PowerState.CRASHED,
    libvirt.VIR_DOMAIN_PMSUSPENDED: PowerState.SUSPENDED,
}
_DIED: Final = (libvirt.VIR_DOMAIN_SHUTOFF_CRASHED, libvirt.VIR_DOMAIN_SHUTOFF_FAILED)


class Libvirt:
    """ComputeDriver on the libvirt at `uri`; safe for threads.

    `owner` names the cloud (its state folder): domains of other clouds on the same libvirt are
    not ours. `disk_folder` is where disks will live; its file system is what `resources` counts.
    """

    def __init__(self, uri: str, *, virt_type: str, owner: str, disk_folder: Path) -> None:
        self._connection = Connection(uri)
        self._virt_type = "test" if uri.startswith("test:") else virt_type
        self._owner = owner
        self._secrets = libvirt_volumes.Secrets(owner)
        self._disk_folder = disk_folder

    def close(self) -> None:
        """Let go of libvirtd; guests run on, and the next verb connects again."""
        self._connection.close()

    def resources(self) -> HostResources:
        """What this host has. Also has libvirt look at QEMU now, not at the first launch."""
        return self._connection.call("resources", None, self._resources)

    def spawn(self, spec: GuestSpec) -> None:
        """See ComputeDriver.spawn. The console log is made here: its owner then may read it."""
        xml = domain_xml.domain(spec, virt_type=self._virt_type, owner=self._owner)
        try:
            spec.console_log.touch(mode=0o640)
            self._connection.call(
                "spawn", spec.instance_id, lambda c: self._spawn(c, spec, xml),
                taps=" ".join(nic.tap for nic in spec.nics),
                volumes=" ".join(f"{one.volume_id}: {one.target}" for one in spec.volumes),
            )  # fmt: skip
        except OSError as error:
            raise HypervisorError(
                f"instance {spec.instance_id}: no console log: {error}"
            ) from error
        except HypervisorError:
            self._forget(spec.instance_id)
            raise

    def destroy(self, instance_id: InstanceId) -> None:
        """See ComputeDriver.destroy."""
        self._connection.call("destroy", instance_id, lambda c: _destroy(c, instance_id))

    def resume(self, instance_id: InstanceId) -> None:
        """See ComputeDriver.resume."""
        self._connection.call("resume", instance_id, lambda c: _resume(c, instance_id))

    def stop(self, instance_id: InstanceId, *, timeout_s: float) -> None:
        """See ComputeDriver.stop."""
        deadline = time.monotonic() + timeout_s
        press_at = time.monotonic()
        while self.power_state(instance_id) is PowerState.RUNNING and time.monotonic() < deadline:
            if time.monotonic() >= press_at:
                self._connection.call("press", instance_id, lambda c: _press(c, instance_id))
                press_at = time.monotonic() + PRESS_S
            time.sleep(POLL_S)
        self._connection.call("stop", instance_id, lambda c: _switch_off(c, instance_id))

    def attach(self, instance_id: InstanceId, volume: VolumeDisk) -> None:
        """See ComputeDriver.attach."""
        self._connection.call(
            "attach", instance_id,
            lambda c: libvirt_volumes.attach(c, instance_id, volume, secrets=self._secrets),
            volume=volume.volume_id, target=str(volume.target),
        )  # fmt: skip

    def detach(self, instance_id: InstanceId, volume_id: VolumeId, *, timeout_s: float) -> None:
        """See ComputeDriver.detach."""
        deadline = time.monotonic() + timeout_s
        ask_at, said = time.monotonic(), ""
        while self._is_plugged(instance_id, volume_id):
            if time.monotonic() >= deadline:
                raise HypervisorError(
                    f"volume {volume_id}: instance {instance_id} holds on to it for {timeout_s:g} "
                    f"s; is it mounted, or is the guest still booting? {said}".rstrip(),
                    tried={"verb": "detach", "domain": domain_name(instance_id)},
                )
            if time.monotonic() >= ask_at:
                said = self._unplug(instance_id, volume_id)
                ask_at = time.monotonic() + ASK_S
            time.sleep(POLL_S)
        self._connection.call(
            "detach", instance_id, lambda c: libvirt_volumes.forget(c, instance_id, volume_id)
        )

    def volumes(self, instance_id: InstanceId) -> frozenset[VolumeId]:
        """See ComputeDriver.volumes."""
        return self._connection.call(
            "volumes", instance_id, lambda c: libvirt_volumes.volumes(c, instance_id)
        )

    def open_line(self, instance_id: InstanceId) -> Line:
        """See ComputeDriver.open_line."""
        return self._connection.call(
            "open_line", instance_id, lambda c: libvirt_lines.open_line(c, instance_id)
        )

    def send_ctrl_alt_del(self, instance_id: InstanceId) -> None:
        """See ComputeDriver.send_ctrl_alt_del."""
        self._connection.call(
            "send_ctrl_alt_del", instance_id, lambda c: _send_ctrl_alt_del(c, instance_id)
        )

    def power_state(self, instance_id: InstanceId) -> PowerState:
        """See ComputeDriver.power_state."""
        return self._connection.call("power_state", instance_id, lambda c: _state(c, instance_id))

    def guests(self) -> Mapping[InstanceId, PowerState]:
        """See ComputeDriver.guests. Secrets that a killed process left go, too."""
        return self._connection.call("guests", None, self._guests)

    def guest(self, instance_id: InstanceId) -> Guest | None:
        """See ComputeDriver.guest."""
        return self._connection.call("guest", instance_id, lambda c: _guest(c, instance_id))

    def usage(self) -> Mapping[InstanceId, Usage]:
        """See ComputeDriver.usage."""
        return self._connection.call("usage", None, lambda c: _usage(c, self._owner))

    def _spawn(self, connection: Any, spec: GuestSpec, xml: str) -> None:
        domain = find(connection, spec.instance_id)
        if domain is None or not domain.isActive():
            console.mark_boot(spec.console_log)
            with self._secrets.defined(connection, spec.volumes):
                connection.defineXML(xml).create()

    def _guests(self, connection: Any) -> Mapping[InstanceId, PowerState]:
        if self._virt_type != "test":  # which knows no secrets
            self._secrets.sweep(connection)
        return _guests(connection, self._owner)

    def _is_plugged(self, instance_id: InstanceId, volume_id: VolumeId) -> bool:
        return self._connection.call(
            "detach", instance_id, lambda c: libvirt_volumes.is_plugged(c, instance_id, volume_id)
        )

    def _unplug(self, instance_id: InstanceId, volume_id: VolumeId) -> str:
        """Ask the guest to let go; what libvirt says to that, if anything."""
        try:
            self._connection.call(
                "detach", instance_id, lambda c: libvirt_volumes.unplug(c, instance_id, volume_id)
            )
        except HypervisorError as error:  # asked before, and the guest has not answered yet
            return str(error)
        return ""

    def _forget(self, instance_id: InstanceId) -> None:
        try:
            self.destroy(instance_id)
        except HypervisorError as error:
            log.warning("instance %s: left for the sweep to remove: %s", instance_id, error)

    def _resources(self, connection: Any) -> HostResources:
        if self._virt_type != "test":
            # the answer is kept by libvirtd: seconds now, or at somebody's first launch
            connection.getDomainCapabilities(None, "x86_64", "pc", self._virt_type)
        return HostResources(
            vcpus=connection.getInfo()[2],
            memory_mib=_memory_mib(connection),
            disk_gib=shutil.disk_usage(self._disk_folder).total >> 30,
            hypervisor_type=connection.getType(),
            hypervisor_version=connection.getVersion(),
            virt_type=self._virt_type,
        )


def _memory_mib(connection: Any) -> int:
    # getInfo adds up NUMA nodes, which do not know memory that was plugged in later
    try:
        stats = connection.getMemoryStats(libvirt.VIR_NODE_MEMORY_STATS_ALL_CELLS, 0)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:
            raise
        return int(connection.getInfo()[1])
    return int(stats["total"]) >> 10


def _destroy(connection: Any, instance_id: InstanceId) -> None:
    domain = find(connection, instance_id)
    if domain is None:
        return
    _pull_the_plug(domain)
    domain.undefineFlags(
        libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    )


def _switch_off(connection: Any, instance_id: InstanceId) -> None:
    domain = find(connection, instance_id)
    if domain is not None:
        _pull_the_plug(domain)


def _pull_the_plug(domain: Any) -> None:
    try:
        if domain.isActive():
            domain.destroy()
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_OPERATION_INVALID or domain.isActive():
            raise  # it was not that the guest went off by itself between look and act


def _press(connection: Any, instance_id: InstanceId) -> None:
    domain = find(connection, instance_id)
    if domain is None:
        return
    try:
        domain.shutdown()  # without a guest agent: the ACPI button
    except libvirt.libvirtError:
        if domain.isActive():
            raise


def _resume(connection: Any, instance_id: InstanceId) -> None:
    domain = find(connection, instance_id)
    state = domain.state()[0] if domain is not None else None
    if state == libvirt.VIR_DOMAIN_PAUSED:
        domain.resume()
    elif state == libvirt.VIR_DOMAIN_PMSUSPENDED:
        domain.pMWakeup()
    elif domain is None or not domain.isActive():
        raise _not_on(instance_id, "resume")


def _send_ctrl_alt_del(connection: Any, instance_id: InstanceId) -> None:
    domain = find(connection, instance_id)
    if domain is None or not domain.isActive():
        raise _not_on(instance_id, "send_ctrl_alt_del")
    keys = list(_CTRL_ALT_DEL)
    domain.sendKey(libvirt.VIR_KEYCODE_SET_LINUX, _HELD_MS, keys, len(keys))


def _not_on(instance_id: InstanceId, verb: str) -> HypervisorError:
    domain = domain_name(instance_id)
    return HypervisorError(
        f"instance {instance_id}: domain {domain} is not on; spawn it",
        tried={"verb": verb, "domain": domain},
    )


def _state(connection: Any, instance_id: InstanceId) -> PowerState:
    domain = find(connection, instance_id)
    if domain is None:
        return PowerState.NOSTATE
    return _power_state(domain)


def _power_state(domain: Any) -> PowerState:
    state, reason = domain.state()
    if state == libvirt.VIR_DOMAIN_SHUTOFF and reason in _DIED:
        return PowerState.CRASHED
    return _STATES.get(state, PowerState.NOSTATE)


def _guests(connection: Any, owner: str) -> dict[InstanceId, PowerState]:
    states = {}
    for domain in connection.listAllDomains():
        if not domain.name().startswith(f"{PREFIX}-"):
            continue
        try:
            if _owner(domain) == owner:
                states[InstanceId(domain.UUIDString())] = _power_state(domain)
        except libvirt.libvirtError as error:
            if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:  # it went while we listed
                raise
    return states


def _guest(connection: Any, instance_id: InstanceId) -> Guest | None:
    domain = find(connection, instance_id)
    if domain is None:
        return None
    return domain_look.guest(
        domain.XMLDesc(), state=_power_state(domain), pid=qemu_process.find(domain.name())
    )


def _usage(connection: Any, owner: str) -> dict[InstanceId, Usage]:
    every = connection.getAllDomainStats(0, libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE)
    found = {}
    for domain, stats in every:
        if not domain.name().startswith(f"{PREFIX}-"):
            continue
        try:
            if _owner(domain) == owner:
                look = domain_look.usage(stats, info=tuple(domain.info()))
                found[InstanceId(domain.UUIDString())] = look
        except libvirt.libvirtError as error:
            if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:  # it went while we listed
                raise
    return found


def _owner(domain: Any) -> str | None:
    try:
        text = domain.metadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, domain_xml.NAMESPACE)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN_METADATA:
            return None
        raise
    return domain_xml.owner_of(text)
