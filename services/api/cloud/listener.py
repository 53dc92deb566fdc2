"""One client of the event stream: what it listens to, and its bounded queue.

Also the form of an event (WHATWG HTML, server-sent events).
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from appliance import context

# kinds whose rows the log of changes tells of; kinds that are looked at; and what a request did
ROWS: Final = (
    "instance", "image", "volume", "snapshot", "network", "port", "security_group", "flavor",
    "key_pair", "project", "user", "journal",
)  # fmt: skip
PARTS: Final = ("service", "topic", "host")
USUAL: Final = frozenset({*ROWS, *PARTS, "hop"})
KINDS: Final = USUAL | {"usage"}  # which costs something: told to who asks for it

KEEP_ALIVE_S: Final = 15.0
WAITING_MAX: Final = 5000  # events that wait for one client: some MB, minutes of a busy cloud


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a client listens to. `request_id` narrows its hops; `since` is where it stopped."""

    kinds: frozenset[str] = USUAL
    request_id: str = ""
    since: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One event as bytes; `revision` None for what the log of changes does not tell."""

    data: bytes
    revision: int | None = None


class Listener:
    """One client; made on the event loop. Too slow a reader is cut, and may resume."""

    def __init__(self, ctx: context.RequestContext, wanted: Wanted) -> None:
        self.ctx = ctx
        self.wanted = wanted
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[Item | None] = asyncio.Queue(WAITING_MAX)
        self._known_revision = 0

    def knows(self, revision: int) -> None:
        """Its opening held everything up to `revision`: older events are not sent again."""
        self._known_revision = revision

    def tell(self, item: Item | None) -> None:
        """From any thread: one more event; None ends the stream."""
        self._loop.call_soon_threadsafe(self._put, item)

    async def next(self) -> bytes | None:
        """What waits, as one piece; a comment when nothing came for long; None at the end."""
        try:
            async with asyncio.timeout(KEEP_ALIVE_S):
                items = [await self._waiting.get()]
        except TimeoutError:
            return b": keep-alive\n\n"
        while not self._waiting.empty():
            items.append(self._waiting.get_nowait())
        told = [item.data for item in items if item and self._is_new(item)]
        return None if None in items else b"".join(told)

    def _put(self, item: Item | None) -> None:
        if item is None or self._waiting.full():
            item = None
            while not self._waiting.empty():
                self._waiting.get_nowait()
        self._waiting.put_nowait(item)

    def _is_new(self, item: Item) -> bool:
        return item.revision is None or item.revision > self._known_revision


def event(name: str, data: Any, *, revision: int | None = None) -> bytes:
    """An event; with a revision it can be resumed after."""
    place = b"" if revision is None else b"id: %d\n" % revision
    return b"%sevent: %s\ndata: %s\n\n" % (place, name.encode(), msgspec.json.encode(data))


def upsert(kind: str, key: str, view: Any, *, revision: int) -> bytes:
    """The event that an object is now so."""
    data = {"rev": revision, "kind": kind, "id": key, "op": "upsert", "object": view}
    return event("change", data, revision=revision)


def delete(kind: str, key: str, *, revision: int) -> bytes:
    """The event that an object is no more."""
    data = {"rev": revision, "kind": kind, "id": key, "op": "delete"}
    return event("change", data, revision=revision)
