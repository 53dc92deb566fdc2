"""The metadata service: HTTP on each gateway address, where the source address says who asks.

Anti-spoof rules make that address true. Bounded: a guest that opens many connections, or says
nothing on them, takes no more than its share. Knows no database: it is given a lookup.
"""

import logging
import os
import selectors
import socket
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from typing import Any, Final

from appliance import errors
from services.network import metadata

log = logging.getLogger(__name__)

Lookup = Callable[[str, str], metadata.InstanceMetadata | None]  # network id, source address
OnFetch = Callable[[str, str], None]  # instance id, path: after the guest was sent it

_THREADS: Final = 32
_PER_SOURCE_MAX: Final = 4  # connections of one guest at once; cloud-init uses one
_SILENCE_S: Final = 5.0  # a guest that sends nothing for this long is hung up on
_BACKLOG: Final = 64


class MetadataServer:
    """Serves on the addresses last given to `listen`, in threads of its own, until `close`."""

    def __init__(self, *, port: int, lookup: Lookup, on_fetch: OnFetch) -> None:
        self.lookup = lookup
        self.on_fetch = on_fetch
        self._port = port
        self._listeners: dict[str, socket.socket] = {}
        self._busy: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._wake = os.eventfd(0)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wake, selectors.EVENT_READ)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="metadata")
        self._thread = threading.Thread(target=self._accept_forever, name="metadata", daemon=True)
        self._thread.start()

    def listen(self, network_by_gateway: Mapping[str, str]) -> None:
        """Serve on exactly these gateway addresses from now on; each says which network asks.

        Raises NetworkError when an address is not on this host yet or its port is taken.
        """
        for gateway in self._listeners.keys() - network_by_gateway.keys():
            listener = self._listeners.pop(gateway)
            self._selector.unregister(listener)
            listener.close()
        for gateway in network_by_gateway.keys() - self._listeners.keys():
            self._listeners[gateway] = self._open(gateway, network_by_gateway[gateway])

    def close(self) -> None:
        """Stop serving; answers under way are finished."""
        self.listen({})
        os.eventfd_write(self._wake, 1)
        self._thread.join()
        self._pool.shutdown()
        self._selector.close()
        os.close(self._wake)

    def _open(self, gateway: str, network_id: str) -> socket.socket:
        try:
            listener = socket.create_server((gateway, self._port), backlog=_BACKLOG)
        except OSError as error:
            raise errors.NetworkError(
                f"the metadata service cannot listen on {gateway}:{self._port}: {error}"
            ) from error
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ, network_id)
        return listener

    def _accept_forever(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if not isinstance(key.fileobj, socket.socket):
                    return
                self._accept(key.fileobj, str(key.data))

    def _accept(self, listener: socket.socket, network_id: str) -> None:
        try:
            connection, (source, _) = listener.accept()
        except OSError:  # it hung up first, or the listener was closed just now
            return
        with self._lock:
            self._busy[source] += 1
            is_welcome = self._busy[source] <= _PER_SOURCE_MAX
        if is_welcome:
            self._pool.submit(self._serve, connection, source, network_id)
        else:
            self._hang_up(connection, source)

    def _serve(self, connection: socket.socket, source: str, network_id: str) -> None:
        try:
            connection.settimeout(_SILENCE_S)
            _Handler(connection, source, server=self, network_id=network_id)
        except OSError as error:
            log.debug("metadata: %s hung up: %s", source, error)
        except Exception:  # the outermost frame of this thread
            log.exception("metadata: answering %s on network %s failed", source, network_id)
        finally:
            self._hang_up(connection, source)

    def _hang_up(self, connection: socket.socket, source: str) -> None:
        connection.close()
        with self._lock:
            self._busy[source] -= 1
            if not self._busy[source]:
                del self._busy[source]


class _Handler(BaseHTTPRequestHandler):
    """One request of one guest; HTTP/1.0, so one a connection."""

    server_version = "novabox"
    sys_version = ""

    def __init__(
        self, connection: socket.socket, source: str, *, server: MetadataServer, network_id: str
    ) -> None:
        self._metadata = server
        self._network_id = network_id
        super().__init__(connection, (source, 0), server)  # type: ignore[arg-type]  # only kept

    def do_GET(self) -> None:
        """Answer with the guest's own metadata; 404 for a stranger and for what is not there."""
        about = self._metadata.lookup(self._network_id, self.client_address[0])
        body = metadata.answer(about, self.path) if about else None
        if about is None or body is None:
            self.send_error(404)
            return
        self.send_response(200)
        is_json = self.path.endswith(".json")
        self.send_header("Content-Type", "application/json" if is_json else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self._metadata.on_fetch(about.instance_id, self.path)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - so the base calls it
        """One line a request, for who looks for it."""
        log.debug("metadata: %s: %s", self.client_address[0], format % args)
