"""What a screen must know of a kind of object to list it; knows no widget and no HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from textual.content import Content

from tui import quantities
from tui.client.call import Call
from tui.client.nouns import Noun, Time
from tui.glyphs import Glyphs, Meaning
from tui.store import Store, Topic
from tui.widgets.columns import Column
from tui.widgets.spans import Span

N = TypeVar("N", bound=Noun)
Line: TypeAlias = str | Content
"""Plain text may hold anything a user typed: whoever shows it cleans it."""


class Pen(Protocol):
    """What a line is drawn with: the terminal's signs, what else is known, the clock."""

    glyphs: Glyphs
    store: Store
    now_s: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Generic[N]):
    """How to ask for objects that the event stream does not tell of."""

    call: Callable[[], Call]
    read: Callable[[Any], Sequence[N]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[N]):
    """A kind of object as a list shows it.

    ``show`` is the shell line that shows one object, but for its id. ``follows`` names what else
    the detail is drawn from. ``opens`` gives the Textual action of Enter on an object, ``hint``
    what else it is known by. Without a
    ``read``, the objects are those of the event stream.
    """

    noun: type[N]
    topic: Topic
    title: str
    purpose: str
    name: Callable[[N], str]
    columns: Callable[[Pen], Sequence[Column[N]]]
    show: tuple[str, ...]
    order: Callable[[N], Any]
    is_newest_first: bool = False
    detail: Callable[[N, Pen, bool], Iterable[Line]] | None = None
    detail_rows: int = 4
    empty: str = ""
    summary: Callable[[Pen], str] | None = None
    follows: frozenset[Topic] = frozenset()
    opens: Callable[[N], str] | None = None
    hint: Callable[[N], str] = lambda _: ""
    read: Read[N] | None = None


def state(pen: Pen, told: tuple[str, Meaning]) -> Span:
    """Return the cell of a state: sign, word, colour."""
    word, meaning = told
    return f"{pen.glyphs.state(meaning)} {word}", meaning


def since(pen: Pen, moment: Time) -> Span:
    """Return the cell of an age."""
    return quantities.since(moment, now_s=pen.now_s()), ""


def dotted(pen: Pen, *parts: str) -> str:
    """Return the parts that say something as one line, with dots between."""
    return f"  {pen.glyphs.dot}  ".join(filter(None, parts))
