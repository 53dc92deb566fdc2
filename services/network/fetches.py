"""Traces what guests fetch from the metadata service: the sign that one has come up.

Each path of each instance once, so that a guest that asks for ever does not fill the trace.
"""

from typing import Final

from appliance import context, errors, trace
from appliance.db import connection, instances
from services.network import metadata

_REMEMBERED_MAX: Final = 10_000


class Fetches:
    """Remembers what was traced already, in this process."""

    def __init__(self, db: connection.Reader) -> None:
        self._db = db
        self._seen: set[tuple[str, str]] = set()

    def note(self, instance_id: str, path: str) -> None:
        """Trace one fetch, as a hop of the request that last changed the instance."""
        asked = "/" + "/".join(metadata.words(path))
        if (instance_id, asked) in self._seen:
            return
        if len(self._seen) >= _REMEMBERED_MAX:
            self._seen.clear()
        self._seen.add((instance_id, asked))
        try:
            request = instances.resume(instances.get(self._db, instance_id))
        except errors.NotFound:  # deleted meanwhile
            return
        token = context.current.set(request)
        try:
            trace.event(
                "http", f"GET {asked}", target="network", source="guest",
                instance=instance_id, is_key=metadata.is_key(asked),
            )  # fmt: skip
        finally:
            context.current.reset(token)
