"""Messages: why something failed, for its owner to read (Cinder, api/v3/messages.py; from 3.3 on).

A message is the reason in a volume's or a snapshot's own row: it lives as long as that says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from appliance import clock, errors
from appliance.model.volume import Snapshot, Volume
from services.api.volume import listing, microversions, views
from services.http.endpoint import Path, Request, endpoint, path
from services.volume.api.snapshots import Snapshots
from services.volume.api.volumes import Volumes

Json = dict[str, Any]

_EVENT_BY_TYPE: Final = {"VOLUME": "VOLUME_000001", "VOLUME_SNAPSHOT": "SNAPSHOT_000001"}
_LIFE_S: Final = 30 * 24 * 3600.0  # Cinder's message_ttl


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesFace:
    """The handlers of /messages."""

    volume_verbs: Volumes
    snapshot_verbs: Snapshots

    def paths(self) -> tuple[Path, ...]:
        """The routes."""
        return (
            path("/messages", GET=endpoint(self.list_all)),
            path("/messages/{message_id}", GET=endpoint(self.show)),
        )

    def list_all(self, request: Request) -> Json:
        """GET /messages, the newest first."""
        return {"messages": list(self._messages(request))}

    def show(self, request: Request) -> Json:
        """GET /messages/{id}."""
        key = request.path["message_id"]
        for message in self._messages(request):
            if message["id"] == key:
                return {"message": message}
        raise errors.NotFound("message", key)

    def _messages(self, request: Request) -> Iterator[Json]:
        if microversions.RANGE.wanted(request) < (3, 3):
            raise errors.NotFound("resource", "messages")
        rows: list[tuple[str, Volume | Snapshot]] = [
            ("VOLUME", volume)
            for volume in self.volume_verbs.page(
                request.ctx, keep=lambda one: one.reason != "", limit=listing.ROWS_MAX
            )
        ]
        rows += [
            ("VOLUME_SNAPSHOT", found)
            for found in self.snapshot_verbs.page(
                request.ctx, keep=lambda one: one.reason != "", limit=listing.ROWS_MAX
            )
        ]
        for kind, row in sorted(rows, key=lambda one: one[1].updated_at, reverse=True):
            yield _message(request, kind, row)


def _message(request: Request, kind: str, row: Volume | Snapshot) -> Json:
    until = clock.stamp(clock.seconds(row.updated_at) + _LIFE_S)
    return {
        "id": row.id,
        "event_id": _EVENT_BY_TYPE[kind],
        "message_level": "ERROR",
        "user_message": row.reason,
        "resource_type": kind,
        "resource_uuid": row.id,
        "request_id": row.request_id,
        "created_at": views.moment(row.updated_at),
        "guaranteed_until": views.moment(until),
        "links": views.links(request, "messages", row.id),
    }
