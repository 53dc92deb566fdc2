"""Traces the signs that a guest has come up: the lease it was given, and what metadata it read."""

from typing import Final

from appliance import context, errors, trace
from appliance.db import connection, instances, ports, stateful
from services.network import metadata
from services.network.dnsmasq import Lease

_REMEMBERED_MAX: Final = 10_000


class Sightings:
    """Each is a hop of the request that last changed the guest's instance."""

    def __init__(self, db: connection.Reader) -> None:
        self._db = db
        self._seen: set[tuple[str, str]] = set()

    def leased(self, lease: Lease) -> None:
        """Trace one address that DHCP gave out."""
        port = ports.find_by_mac(self._db, lease.mac_address)
        if port is not None and port.instance_id is not None:
            self._trace(
                port.instance_id, "driver", "DHCPACK", source="dnsmasq", target="guest",
                ip=lease.ip, mac=lease.mac_address,
            )  # fmt: skip

    def fetched(self, instance_id: str, path: str) -> None:
        """Trace one fetch; each path once, so that a guest that asks for ever fills no trace."""
        asked = "/" + "/".join(metadata.words(path))
        if (instance_id, asked) in self._seen:
            return
        if len(self._seen) >= _REMEMBERED_MAX:
            self._seen.clear()
        self._seen.add((instance_id, asked))
        self._trace(
            instance_id, "http", f"GET {asked}", source="guest", target="network",
            is_key=metadata.is_key(asked),
        )  # fmt: skip

    def _trace(
        self,
        instance_id: str,
        kind: trace.Kind,
        name: str,
        *,
        source: str,
        target: str,
        **detail: str | bool,
    ) -> None:
        try:
            request = stateful.resume(instances.get(self._db, instance_id))
        except errors.NotFound:  # deleted meanwhile
            return
        token = context.current.set(request)
        try:
            with trace.hop(kind, name, source=source, target=target, instance=instance_id) as span:
                span.note(**detail)
        finally:
            context.current.reset(token)
