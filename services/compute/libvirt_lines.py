"""Serial lines of libvirt's guests: the pty itself where we may open it, else a stream of libvirtd.

What QEMU 7.2 does with its pty (chardev/char-pty.c), tried with a guest that runs `yes`: while
nobody has it open, output goes to the log alone; it looks once a second whether somebody has. Once
it is open and full (4 KiB), the guest's transmitter waits, for ever. Reading as soon as there is
anything costs a third of a core, as QEMU writes single bytes; reading every 5 ms half a per cent.
"""

import contextlib
import errno
import os
import select
import time
from typing import Any, Final
from xml.etree import ElementTree

import libvirt
import libvirt_qemu

from appliance.errors import HypervisorError
from appliance.ids import InstanceId
from services.compute.driver import Line, domain_name
from services.compute.libvirt_connection import find

PAUSE_S: Final = 0.005  # between two reads: a pty has room for so long at 800 KB/s
_READ_BYTES: Final = 64 << 10
_BREAK: Final = '{"execute":"chardev-send-break","arguments":{"id":"char%s"}}'


def open_line(connection: Any, instance_id: InstanceId) -> Line:
    """The line of the instance's guest; see ComputeDriver.open_line."""
    domain, path, breaker = _serial(connection, instance_id)
    try:
        return _Pty(os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK), breaker)
    except PermissionError:  # it is QEMU's user's, and we are neither that nor root
        return _open_stream(connection, domain, breaker)
    except OSError as error:
        raise _failed(instance_id, str(error)) from error


def open_stream(connection: Any, instance_id: InstanceId) -> Line:
    """The same line by way of libvirtd, whoever owns the pty."""
    domain, _, breaker = _serial(connection, instance_id)
    return _open_stream(connection, domain, breaker)


def _serial(connection: Any, instance_id: InstanceId) -> tuple[Any, str, "_Breaker"]:
    """The domain, its pty, and what sends its break."""
    domain = find(connection, instance_id)
    if domain is None or not domain.isActive():
        raise _failed(instance_id, "it is not on")
    serial = ElementTree.fromstring(domain.XMLDesc()).find("devices/serial")  # noqa: S314
    source = serial.find("source") if serial is not None else None
    alias = serial.find("alias") if serial is not None else None
    path = source.get("path", "") if source is not None else ""
    if alias is None or not path:
        raise _failed(instance_id, "it has no serial line")
    return domain, path, _Breaker(domain, instance_id, alias.get("name", ""))


def _open_stream(connection: Any, domain: Any, breaker: "_Breaker") -> Line:
    stream = connection.newStream(0)
    domain.openConsole(None, stream, libvirt.VIR_DOMAIN_CONSOLE_FORCE)
    return _Stream(stream, breaker)


class _Breaker:
    """Sends the break: no pty carries one, QEMU's monitor does."""

    def __init__(self, domain: Any, instance_id: InstanceId, alias: str) -> None:
        self._domain = domain
        self._alias = alias
        self.instance_id = instance_id

    def __call__(self) -> None:
        try:
            libvirt_qemu.qemuMonitorCommand(self._domain, _BREAK % self._alias, 0)
        except libvirt.libvirtError as error:
            raise _failed(self.instance_id, f"no break was sent: {error}") from error


class _Pty:
    """The slave of QEMU's pty, which QEMU has made raw."""

    def __init__(self, fd: int, breaker: _Breaker) -> None:
        self._fd = fd
        self._breaker = breaker
        self._closing = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def read(self) -> bytes:
        """See Line.read."""
        waiting = select.poll()
        waiting.register(self._fd, select.POLLIN)
        waiting.register(self._closing, select.POLLIN)
        while True:
            ready = dict(waiting.poll())
            if self._closing in ready:
                return b""
            try:
                data = os.read(self._fd, _READ_BYTES)
            except BlockingIOError:
                continue
            except OSError:  # QEMU is gone
                return b""
            time.sleep(PAUSE_S)
            return data

    def write(self, data: bytes, *, timeout_s: float) -> None:
        """See Line.write."""
        waiting = select.poll()
        waiting.register(self._fd, select.POLLOUT)
        rest = memoryview(data)
        while rest:
            if not waiting.poll(timeout_s * 1000):
                raise _failed(self._breaker.instance_id, f"it took no input for {timeout_s:g} s")
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:
                continue
            except OSError as error:
                reason = "it went off" if error.errno == errno.EIO else str(error)
                raise _failed(self._breaker.instance_id, reason) from error

    def send_break(self) -> None:
        """See Line.send_break."""
        self._breaker()

    def close(self) -> None:
        """See Line.close. The pty itself is let go with the last who knows this object."""
        os.eventfd_write(self._closing, 1)

    def __del__(self) -> None:
        for fd in (self._fd, self._closing):
            os.close(fd)


class _Stream:
    """The same through libvirtd, for whom QEMU's pty is not to be opened."""

    def __init__(self, stream: Any, breaker: _Breaker) -> None:
        self._stream = stream
        self._breaker = breaker

    def read(self) -> bytes:
        """See Line.read. Never waits: what is not read here is kept in our memory, without end."""
        try:
            data = self._stream.recv(_READ_BYTES)
        except libvirt.libvirtError:
            return b""
        return data if isinstance(data, bytes) else b""

    def write(self, data: bytes, *, timeout_s: float) -> None:
        """See Line.write; libvirtd takes what the guest does not take yet."""
        rest = data
        while rest:
            try:
                rest = rest[self._stream.send(rest) :]
            except libvirt.libvirtError as error:
                raise _failed(self._breaker.instance_id, str(error)) from error

    def send_break(self) -> None:
        """See Line.send_break."""
        self._breaker()

    def close(self) -> None:
        """See Line.close."""
        with contextlib.suppress(libvirt.libvirtError):
            self._stream.abort()


def _failed(instance_id: InstanceId, reason: str) -> HypervisorError:
    return HypervisorError(
        f"instance {instance_id}: no serial line: {reason}",
        tried={"verb": "open_line", "domain": domain_name(instance_id)},
    )
