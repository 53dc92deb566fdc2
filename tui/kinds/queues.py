"""Queues: what waits between the processes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tui import quantities, words
from tui.client.nouns import Topic
from tui.kinds.kind import Kind, Pen, state
from tui.widgets.columns import Column
from tui.widgets.spans import Span


def _columns(pen: Pen) -> Sequence[Column[Topic]]:
    return [
        Column(name="QUEUE", width=16, weight=2, cell=lambda item: (item.name, "")),
        Column(name="STATE", width=10, cell=lambda item: state(pen, words.of_topic(item))),
        Column(name="DEPTH", width=5, is_right=True, cell=_depth, sort=lambda item: -item.depth),
        Column(name="OLDEST", width=6, is_right=True, cell=_oldest),
        Column(name="LAST STEP", width=14, weight=1,
               cell=lambda item: (item.last_step or "-", ""), drop=1),
    ]  # fmt: skip


def _depth(item: Topic) -> Span:
    return str(item.depth), "attention" if item.depth else ""


def _oldest(item: Topic) -> Span:
    return quantities.age(item.oldest_age_s) if item.depth else "-", ""


KIND: Final = Kind(
    noun=Topic,
    topic="topic",
    title="Queues",
    purpose="The processes of the cloud and the queues between them.",
    name=lambda item: item.name,
    columns=_columns,
    show=("novabox", "status"),
    order=lambda item: item.name,
)
