"""The event stream into the store; the only place where the two meet."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import aclosing

from tui.client import events, nouns, stream
from tui.client.session import Session
from tui.store import Store


async def run(session: Session, store: Store, *, kinds: Iterable[str]) -> None:
    """Apply events until cancelled."""
    async with aclosing(stream.follow(session, kinds=kinds)) as live:
        async for event in live:
            apply(event, store)


def apply(event: events.Event, store: Store) -> None:
    """Apply one event."""
    match event:
        case events.Connected():
            store.live()
        case events.Lost(reason=reason):
            store.lost(reason)
        case events.Snapshot(rev=rev, objects=objects):
            store.replace(objects, rev=rev)
        case events.Change(noun=None, kind=kind, id=key, rev=rev):
            store.remove(kind, key, rev=rev)
        case events.Change(noun=noun, kind=kind, rev=rev) if noun is not None:
            store.put(kind, noun, rev=rev)
        case nouns.Hop() as hop:
            store.add_hops([hop])
