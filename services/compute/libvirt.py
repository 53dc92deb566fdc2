"""The real hypervisor, through libvirt: the only file that imports it. Knows no row and no queue.

Every verb looks at the domain first and survives a libvirtd that is killed and started again
under it: the guests run on, the connection is opened anew, the verb is repeated.
"""

import functools
import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import libvirt

from appliance.errors import HypervisorError
from appliance.ids import PREFIX, InstanceId
from appliance.model.states import PowerState
from services.compute import domain_xml
from services.compute.driver import GuestSpec, HostResources, domain_name

log = logging.getLogger(__name__)

CONNECT_S: Final = 15.0  # a killed libvirtd is back in 1.2 s; with 2 busy cores ten times that
ATTEMPTS: Final = 3  # a verb during which libvirtd dies so often is not helped by a fourth
KEEPALIVE_S: Final = 5  # a libvirtd that hangs is given up after three of these
POLL_S: Final = 0.1
PRESS_S: Final = 3.0  # a guest that is still booting misses the power button: press it again

_T = TypeVar("_T")
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
                "spawn", spec.instance_id, lambda c: _spawn(c, spec, xml),
                taps=" ".join(nic.tap for nic in spec.nics),
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

    def start(self, instance_id: InstanceId) -> None:
        """See ComputeDriver.start."""
        self._connection.call("start", instance_id, lambda c: _start(c, instance_id))

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

    def reboot(self, instance_id: InstanceId, *, hard: bool, timeout_s: float) -> None:
        """See ComputeDriver.reboot."""
        self.stop(instance_id, timeout_s=0 if hard else timeout_s)
        self.start(instance_id)

    def power_state(self, instance_id: InstanceId) -> PowerState:
        """See ComputeDriver.power_state."""
        return self._connection.call("power_state", instance_id, lambda c: _state(c, instance_id))

    def guests(self) -> Mapping[InstanceId, PowerState]:
        """See ComputeDriver.guests."""
        return self._connection.call("guests", None, lambda c: _guests(c, self._owner))

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


class Connection:
    """One connection to libvirtd, opened when it is needed and again when it broke."""

    def __init__(self, uri: str, *, connect_s: float = CONNECT_S) -> None:
        self._uri = uri
        self._connect_s = connect_s
        self._lock = threading.Lock()
        self._open: Any = None

    def call(
        self,
        verb: str,
        instance_id: InstanceId | None,
        work: Callable[[Any], _T],
        **more_tried: str,
    ) -> _T:
        """The result of `work(connection)`; repeated if libvirtd went away under it.

        Raises HypervisorError, chained, when libvirt refuses or stays away for `connect_s`.
        """
        what = f"instance {instance_id}: {verb}" if instance_id else verb
        tried = {"verb": verb, "uri": self._uri, **more_tried}
        if instance_id:
            tried["domain"] = domain_name(instance_id)
        for attempts_left in reversed(range(ATTEMPTS)):
            connection = self._connected(what, tried)
            try:
                return work(connection)
            except libvirt.libvirtError as error:
                if _is_alive(connection) or not attempts_left:
                    raise HypervisorError(f"{what}: libvirt: {error}", tried=tried) from error
                log.warning("%s: libvirtd went away (%s); connecting again", what, error)
                self._drop(connection)
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """Close it; the next call opens it again."""
        with self._lock:
            if self._open is not None:
                _close(self._open)
            self._open = None

    def _connected(self, what: str, tried: Mapping[str, str]) -> Any:
        deadline = time.monotonic() + self._connect_s
        with self._lock:
            pause_s = 0.05
            while self._open is None:
                try:
                    self._open = _connect(self._uri)
                except libvirt.libvirtError as error:
                    if time.monotonic() >= deadline:
                        raise HypervisorError(
                            f"{what}: libvirtd at {self._uri} does not answer: {error}. "
                            "Is it running? `novabox doctor` tells.",
                            tried=tried,
                        ) from error
                    time.sleep(pause_s)
                    pause_s = min(2 * pause_s, 1.0)
            return self._open

    def _drop(self, connection: Any) -> None:
        with self._lock:
            if self._open is connection:
                _close(connection)
                self._open = None


def _connect(uri: str) -> Any:
    _event_loop()
    connection = libvirt.open(uri)
    try:
        connection.setKeepAlive(KEEPALIVE_S, 3)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:  # the test driver is no peer
            raise
    return connection


@functools.cache
def _event_loop() -> threading.Thread:
    """The thread that answers keep-alives: without it a hung libvirtd would hang us."""
    libvirt.registerErrorHandler(lambda _context, _error: None, None)  # errors are raised
    libvirt.virEventRegisterDefaultImpl()
    thread = threading.Thread(target=_run_events, name="libvirt-events", daemon=True)
    thread.start()
    return thread


def _run_events() -> None:
    while True:
        libvirt.virEventRunDefaultImpl()


def _is_alive(connection: Any) -> bool:
    try:
        return bool(connection.isAlive())
    except libvirt.libvirtError:
        return False


def _close(connection: Any) -> None:
    try:
        connection.close()
    except libvirt.libvirtError as error:
        log.debug("libvirt: closing: %s", error)


def _memory_mib(connection: Any) -> int:
    # getInfo adds up NUMA nodes, which do not know memory that was plugged in later
    try:
        stats = connection.getMemoryStats(libvirt.VIR_NODE_MEMORY_STATS_ALL_CELLS, 0)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:
            raise
        return int(connection.getInfo()[1])
    return int(stats["total"]) >> 10


def _find(connection: Any, instance_id: InstanceId) -> Any:
    try:
        return connection.lookupByUUIDString(instance_id)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None
        raise


def _spawn(connection: Any, spec: GuestSpec, xml: str) -> None:
    domain = _find(connection, spec.instance_id)
    if domain is None or not domain.isActive():
        connection.defineXML(xml).create()


def _destroy(connection: Any, instance_id: InstanceId) -> None:
    domain = _find(connection, instance_id)
    if domain is None:
        return
    _pull_the_plug(domain)
    domain.undefineFlags(
        libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    )


def _switch_off(connection: Any, instance_id: InstanceId) -> None:
    domain = _find(connection, instance_id)
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
    domain = _find(connection, instance_id)
    if domain is None:
        return
    try:
        domain.shutdown()  # without a guest agent: the ACPI button
    except libvirt.libvirtError:
        if domain.isActive():
            raise


def _start(connection: Any, instance_id: InstanceId) -> None:
    domain = _find(connection, instance_id)
    if domain is None:
        raise HypervisorError(
            f"instance {instance_id}: no domain {domain_name(instance_id)} to start; spawn it",
            tried={"verb": "start", "domain": domain_name(instance_id)},
        )
    state = domain.state()[0]
    if state == libvirt.VIR_DOMAIN_PAUSED:
        domain.resume()
    elif state == libvirt.VIR_DOMAIN_PMSUSPENDED:
        domain.pMWakeup()
    elif not domain.isActive():
        domain.create()


def _state(connection: Any, instance_id: InstanceId) -> PowerState:
    domain = _find(connection, instance_id)
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


def _owner(domain: Any) -> str | None:
    try:
        text = domain.metadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, domain_xml.NAMESPACE)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN_METADATA:
            return None
        raise
    return domain_xml.owner_of(text)
