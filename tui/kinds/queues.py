"""Queues: what waits between the processes, who takes it, and how busy they were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tui import quantities, words
from tui.client.nouns import History, Service, Topic
from tui.glyphs import Glyphs
from tui.kinds.kind import Kind, Pen
from tui.widgets.columns import Column
from tui.widgets.spans import Span

GRAPH_CELLS: Final = 10
GRAPH_CELLS_MAX: Final = 30  # one a second


def _columns(pen: Pen) -> Sequence[Column[Topic]]:
    return [
        Column(name="QUEUE", width=13, weight=2, cell=lambda item: (item.name, "")),
        Column(name="DEPTH", width=6, is_right=True, cell=lambda item: _depth(pen, item),
               sort=lambda item: -item.depth),
        Column(name="IN/s", width=5, is_right=True, cell=lambda item: _rate(item, item.in_per_s),
               drop=2, sort=lambda item: -item.in_per_s),
        Column(name="OUT/s", width=5, is_right=True, cell=lambda item: _rate(item, item.out_per_s),
               drop=2, sort=lambda item: -item.out_per_s),
        Column(name="OLDEST", width=6, is_right=True, cell=_oldest,
               sort=lambda item: -(item.oldest_age_s or 0.0)),
        Column(name="CONSUMER", width=13, weight=1, cell=lambda item: consumer(pen, item)),
        Column(name="30 s", width=GRAPH_CELLS, weight=2, drop=1, cell=lambda _: ("", ""),
               draw=lambda item, cells: _graph(pen, item, min(cells, GRAPH_CELLS_MAX)),
               sort=lambda item: -sum(item.history.taken)),
    ]  # fmt: skip


def graph(history: History, glyphs: Glyphs, *, cells: int = GRAPH_CELLS) -> str:
    """Return the last seconds: nothing happened, messages passed, or some waited."""
    seconds = len(history.depth)
    if not seconds:
        return glyphs.bar_empty * cells
    signs = []
    for cell in range(cells):
        part = slice(cell * seconds // cells, max((cell + 1) * seconds // cells, 1))
        if any(history.depth[part]):
            signs.append(glyphs.bar_full)
        elif any(history.sent[part]) or any(history.taken[part]):
            signs.append(glyphs.bar_half)
        else:
            signs.append(glyphs.bar_empty)
    return "".join(signs)


def consumer(pen: Pen, item: Topic) -> Span:
    """Return who takes messages, or why nobody does."""
    glyphs = pen.glyphs
    if item.is_paused:
        return f"{glyphs.off} PAUSED {left(pen, item)}".rstrip(), "attention"
    if item.is_dead:
        return "-", "dim"
    if is_stopped(pen, item):
        return f"{glyphs.off} STOPPED", "attention"
    if item.consumers:
        return f"{glyphs.good} {', '.join(item.consumers)}", "good"
    return f"{glyphs.failed} nobody", "failed"


def is_stopped(pen: Pen, item: Topic) -> bool:
    """Return whether somebody stopped the process that would take messages."""
    service = pen.store.find(Service, item.name)
    return service is not None and words.of_service(service) == ("stopped", "off")


def left(pen: Pen, item: Topic) -> str:
    """Return how long the pause lasts yet."""
    until_s = quantities.epoch_s(item.paused_until)
    return "" if until_s is None else quantities.countdown(until_s - pen.now_s())


def _graph(pen: Pen, item: Topic, cells: int) -> Span:
    if item.is_dead:
        return "", ""
    passed = sum(item.history.sent) + sum(item.history.taken)
    style = "attention" if item.is_paused else "good" if passed else "dim"
    return graph(item.history, pen.glyphs, cells=cells), style


def _depth(pen: Pen, item: Topic) -> Span:
    if not item.depth:
        return "0 ", ""
    meaning = "failed" if item.is_dead else "attention"
    return f"{item.depth} {pen.glyphs.failed if item.is_dead else pen.glyphs.attention}", meaning


def _rate(item: Topic, per_s: float) -> Span:
    return "-" if item.is_dead else f"{per_s:.1f}", "" if per_s else "dim"


def _oldest(item: Topic) -> Span:
    return quantities.age(item.oldest_age_s) if item.depth else "-", ""


KIND: Final = Kind(
    noun=Topic,
    topic="topic",
    title="Queues",
    purpose="The processes of the cloud and the queues between them.",
    name=lambda item: item.name,
    columns=_columns,
    show=("novabox", "queue", "show"),
    order=lambda item: (item.is_dead, item.name),
)
