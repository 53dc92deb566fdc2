"""The connection to libvirtd, opened when it is needed and again when it broke. Knows no guest."""

import functools
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import libvirt

from appliance.errors import HypervisorError
from appliance.ids import InstanceId
from services.compute.driver import domain_name

log = logging.getLogger(__name__)

CONNECT_S: Final = 15.0  # a killed libvirtd is back in 1.2 s; with 2 busy cores ten times that
ATTEMPTS: Final = 3  # a verb during which libvirtd dies so often is not helped by a fourth
KEEPALIVE_S: Final = 5  # a libvirtd that hangs is given up after three of these

_T = TypeVar("_T")


class Connection:
    """One connection; safe for threads."""

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


def find(connection: Any, instance_id: InstanceId) -> Any:
    """The instance's domain, None when there is none."""
    try:
        return connection.lookupByUUIDString(instance_id)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None
        raise


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
