"""The event stream into the store; the only place where the two meet."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterable
from contextlib import aclosing
from typing import Final

from tui.client import events, nouns, stream
from tui.client.session import Session
from tui.store import Store

_LARGE: Final = 10_000  # objects


async def run(session: Session, store: Store, *, kinds: Iterable[str]) -> None:
    """Apply events until cancelled."""
    async with aclosing(stream.follow(session, kinds=kinds)) as live:
        async for event in live:
            apply(event, store)


async def run_usage(session: Session, store: Store) -> None:
    """Apply what instances use until cancelled, and forget it then.

    A stream of its own, as it costs the cloud something; its place is not the store's.
    """
    try:
        async with aclosing(stream.follow(session, kinds=("usage",))) as live:
            async for event in live:
                _apply_usage(event, store)
    finally:
        store.replace({"usage": []}, rev=store.rev)


def _apply_usage(event: events.Event, store: Store) -> None:
    match event:
        case events.Snapshot(objects=objects):
            store.replace({"usage": objects.get("usage", [])}, rev=store.rev)
        case events.Change(noun=None, kind="usage", id=key):
            store.remove("usage", key, rev=store.rev)
        case events.Change(noun=noun, kind="usage") if noun is not None:
            store.put("usage", noun, rev=store.rev)


def apply(event: events.Event, store: Store) -> None:
    """Apply one event."""
    match event:
        case events.Connected():
            store.live()
        case events.Lost(reason=reason):
            store.lost(reason)
        case events.Snapshot(rev=rev, objects=objects):
            store.replace(objects, rev=rev)
            _settle(sum(map(len, objects.values())))
        case events.Change(noun=None, kind=kind, id=key, rev=rev):
            store.remove(kind, key, rev=rev)
        case events.Change(noun=noun, kind=kind, rev=rev) if noun is not None:
            store.put(kind, noun, rev=rev)
        case nouns.Hop() as hop:
            store.add_hops([hop])


def _settle(count: int) -> None:
    """Let a large snapshot stay: it holds no cycles, and looking through it again costs 0.1 s."""
    if count <= _LARGE:
        return
    gc.unfreeze()  # what an earlier one left is looked through now, or it would stay for ever
    gc.collect()
    gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's
    if trim is not None:
        trim(0)  # the text that it came as is gone, but glibc would keep the room
