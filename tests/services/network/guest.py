"""A guest without QEMU: it holds a real tap of the host open and carries its frames to `eth0` of a
namespace of its own, whose kernel plays the guest. And the world outside, on a veth.
"""

import contextlib
import fcntl
import os
import select
import socket
import struct
import threading
from typing import Final

from pyroute2.iproute.linux import IPRoute

from services.network.plan import Network, Port
from tests.services.network.namespace import Namespace

_TUNSETIFF: Final = 0x400454CA
_IFF_TAP_NO_PI: Final = 0x1002
_CONNECT_S: Final = 0.7  # what is denied is dropped: this long
_TRIES: Final = 8  # of what must work: neighbours and servers may not be ready on a slow machine


class Node:
    """Something with a network stack of its own that answers and asks over TCP."""

    def __init__(self) -> None:
        self.namespace = Namespace.new()
        self._sockets: list[socket.socket] = []

    def listen(self, port: int, *, address: str = "") -> None:
        """Answer every connection on `port` with who it came from."""
        server = self.namespace.run(lambda: socket.create_server((address, port)))
        self._sockets.append(server)
        answer_all(server)

    def ask(self, ip: str, port: int, *, tries: int = _TRIES) -> str | None:
        """What the server there says; None when nobody can be reached."""
        for _ in range(tries):
            with contextlib.suppress(OSError), self.connect(ip, port) as connection:
                return connection.recv(4096).decode()
        return None

    def denied(self, ip: str, port: int) -> bool:
        """Whether one honest try gets no answer."""
        return self.ask(ip, port, tries=1) is None

    def connect(self, ip: str, port: int) -> socket.socket:
        """A connection to there. Raises OSError."""
        client = self.namespace.run(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        client.settimeout(_CONNECT_S)
        try:
            client.connect((ip, port))
        except OSError:
            client.close()
            raise
        return client

    def set_address(self, ip: str, length: int, *, gateway: str | None = None) -> None:
        """Have this address on eth0, and no other."""

        def configure() -> None:
            with IPRoute() as netlink:
                index = netlink.link_lookup(ifname="eth0")[0]
                netlink.flush_addr(index=index)
                netlink.addr("add", index=index, address=ip, prefixlen=length)
                netlink.link("set", index=index, state="up")
                if gateway:
                    netlink.route("replace", dst="default", gateway=gateway)

        self.namespace.run(configure)

    def set_mac(self, mac: str) -> None:
        """Have this MAC on eth0."""

        def configure() -> None:
            with IPRoute() as netlink:
                netlink.link("set", index=netlink.link_lookup(ifname="eth0")[0], address=mac)

        self.namespace.run(configure)

    def close(self) -> None:
        """End it."""
        for server in self._sockets:
            server.close()
        self.namespace.close()


class Guest(Node):
    """Plays the guest behind a port's tap. `network` None: it has no address yet."""

    def __init__(self, port: Port, network: Network | None) -> None:
        super().__init__()
        self._host_end = _open_tap(port.tap)
        self._guest_end = self.namespace.run(lambda: _open_tap("eth0"))
        self._stop = os.eventfd(0)
        self.set_mac(port.mac_address)
        if network is not None:
            self.set_address(port.fixed_ips[0], 24, gateway=network.gateway_ip)
        self._cable = threading.Thread(target=self._carry, daemon=True)
        self._cable.start()

    def _carry(self) -> None:
        other = {self._host_end: self._guest_end, self._guest_end: self._host_end}
        while True:
            ready, _, _ = select.select([*other, self._stop], [], [])
            if self._stop in ready:
                return
            for fd in ready:
                with contextlib.suppress(OSError):  # an end is down: the frame is lost, as on wire
                    os.write(other[fd], os.read(fd, 65536))

    def close(self) -> None:
        os.eventfd_write(self._stop, 1)
        self._cable.join()
        for fd in (self._stop, self._host_end, self._guest_end):
            os.close(fd)
        super().close()


class Outside(Node):
    """The world beyond the host: 198.51.100.2, with the host at 198.51.100.1."""

    def __init__(self) -> None:
        super().__init__()
        with IPRoute() as netlink:
            netlink.link("add", ifname="uplink", kind="veth", peer="outside")
            uplink, peer = (netlink.link_lookup(ifname=name)[0] for name in ("uplink", "outside"))
            netlink.link("set", index=peer, net_ns_fd=self.namespace.fd, ifname="eth0")
            netlink.addr("add", index=uplink, address="198.51.100.1", prefixlen=24)
            netlink.link("set", index=uplink, state="up")
        self.set_address("198.51.100.2", 24)


def answer_all(server: socket.socket) -> None:
    """Tell every peer its own address, until the server is closed."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, peer = server.accept()
                with contextlib.suppress(OSError), connection:
                    connection.sendall(peer[0].encode())

    threading.Thread(target=serve, daemon=True).start()


def _open_tap(name: str) -> int:
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(fd, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TAP_NO_PI))
    return fd
