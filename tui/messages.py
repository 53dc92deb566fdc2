"""What the parts of the interface tell each other; no logic."""

from __future__ import annotations

from textual.message import Message

from tui.store import Topic


class StoreChanged(Message):
    """The store changed in these topics; sent to every screen on show, once a frame."""

    def __init__(self, topics: frozenset[Topic]) -> None:
        super().__init__()
        self.topics = topics


class Acted(Message):
    """An action was accepted: what the event stream does not tell of may be other than it was."""


class Tick(Message):
    """A second has passed: ages and the clock are out of date."""


class KeyDone(Message):
    """What was typed as the ``number``-th key has come all the way up to where this comes."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
