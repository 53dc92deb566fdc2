"""The event stream as typed events, reconnected and resumed for ever; keeps no state but its place.

The wire is Server-Sent Events: one ``snapshot``, then ``change`` and ``hop`` events; a
reconnection asks to go on after the last id (``Last-Event-ID``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from typing import Final
from urllib.parse import urlencode

import httpx2

from tui.client import decode, events
from tui.client.errors import ClientError
from tui.client.session import Session

_PAUSES_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0)  # a restarted cloud is found again within 5 s
_LARGE: Final = 100_000  # characters: 1 ms to read
_MAX_EVENT_BYTES: Final = 256 * 1024 * 1024  # a snapshot of 100 000 instances is 60 MB


async def follow(
    session: Session, *, kinds: Iterable[str], request_id: str | None = None
) -> AsyncGenerator[events.Event, None]:
    """Yield events for as long as the caller listens; a broken stream is said and reopened.

    ``request_id`` narrows the hops to one request's. Whoever stops early closes the generator
    (``contextlib.aclosing``): it holds a connection.
    """
    query = {"kinds": ",".join(kinds), **({"request": request_id} if request_id else {})}
    path = f"/events?{urlencode(query)}"
    place, failures = "", 0
    while True:
        reason = "the server closed the stream"
        try:
            async with session.stream("novabox", path, headers=_headers(place)) as response:
                yield events.Connected()
                async for event in httpx2.EventSource(response, max_event_size=_MAX_EVENT_BYTES):
                    place, failures = event.id or place, 0
                    for item in await _read(event):
                        yield item
        except ClientError as error:
            reason = str(error)
        pause_s = _PAUSES_S[min(failures, len(_PAUSES_S) - 1)]
        failures += 1
        yield events.Lost(reason=reason, retry_s=pause_s)
        await asyncio.sleep(pause_s)


async def _read(event: httpx2.ServerSentEvent) -> Iterable[events.Event]:
    """Read one event; a large snapshot beside the loop, which goes on drawing."""
    name, data = event.event, event.data
    if len(data) < _LARGE:
        return decode.event(name, data)
    # its source holds on to the last event until another comes: 60 MB of text for nothing
    object.__setattr__(event, "data", "")
    return await asyncio.to_thread(lambda: list(decode.event(name, data)))


def _headers(place: str) -> dict[str, str]:
    resume = {"Last-Event-ID": place} if place else {}
    return {"Accept": "text/event-stream", "Cache-Control": "no-store", **resume}
