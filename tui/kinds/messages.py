"""Messages: what waits in one queue, the next one first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tui import quantities
from tui.client.nouns import Image, Instance, Message, Volume
from tui.kinds.kind import Kind, Line, Pen, since
from tui.widgets.columns import Column
from tui.widgets.spans import Span


def _columns(pen: Pen) -> Sequence[Column[Message]]:
    return [
        Column(name="STEP", width=14, weight=1, cell=lambda item: (item.step, "")),
        Column(name="ON", width=12, weight=1, cell=lambda item: (named(pen, item), "")),
        Column(name="REQUEST", width=8, drop=2,
               cell=lambda item: ((item.request_id or "-").removeprefix("req-")[:8], "dim")),
        Column(name="AGE", width=4, is_right=True, is_searched=False,
               cell=lambda item: since(pen, item.queued_at),
               sort=lambda item: quantities.epoch_s(item.queued_at) or 0.0),
        Column(name="SIZE", width=6, is_right=True, drop=3,
               cell=lambda item: (quantities.size(item.size_bytes), ""),
               sort=lambda item: item.size_bytes or 0),
        Column(name="NOTE", width=16, weight=2, cell=lambda item: _note(pen, item)),
    ]  # fmt: skip


def named(pen: Pen, item: Message) -> str:
    """Return the name of what a step is about, as far as it is known here."""
    key = item.object_id or "-"
    for noun in (Instance, Image, Volume):
        found = pen.store.find(noun, key)
        if found is not None:
            return getattr(found, "name", "") or key[:8]
    return key[:8] if len(key) == 36 else key  # a UUID says little; "all" says it all


def _note(pen: Pen, item: Message) -> Span:
    if item.topic is not None:
        return (f"{item.dead_by} put it aside", "attention") if item.dead_by else _error(pen, item)
    if item.is_released:
        return f"{pen.glyphs.good} let through", "good"
    words = ["call"] if item.wants_reply else []
    words += ["held"] if item.is_held else []
    words += ["moved to front"] if item.is_raised else []
    return ", ".join(words), "attention" if item.is_held else ""


def _error(pen: Pen, item: Message) -> Span:
    times = f"{item.failures}x " if item.failures > 1 else ""
    return f"{pen.glyphs.failed} {times}{item.error or 'failed'}", "failed"


def inside(item: Message, pen: Pen) -> Iterable[Line]:
    """Return all that a message says."""
    yield f"step      {item.step}"
    yield f"on        {item.object_id or '-'}  {named(pen, item)}"
    yield f"waits in  {item.queue}, for {quantities.since(item.queued_at, now_s=pen.now_s())}"
    if item.topic is not None:
        yield f"came from {item.topic}"
        yield f"because   {item.dead_by + ' put it aside' if item.dead_by else item.error or '-'}"
    yield f"request   {item.request_id or '-'}"
    yield f"answer    {'somebody waits for it' if item.wants_reply else 'nobody waits for one'}"
    yield f"size      {quantities.size(item.size_bytes)}"
    yield ""
    yield "payload"
    for name, value in item.payload.items():
        yield f"  {name:12} {value}"


KIND: Final = Kind(
    noun=Message,
    topic="message",
    title="Messages",
    purpose="What waits in one queue.",
    name=lambda item: f"{item.step} {item.key[:8]}",
    columns=_columns,
    show=("novabox", "queue", "show"),
    order=lambda item: item.key,
)
