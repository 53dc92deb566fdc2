"""Keys one after the other, each where the one before it led; knows no key.

Textual hands a key to the widget that has the focus when the key comes, not when its turn
comes. Whoever types `/Trash` fast would have stopped an instance with the `T`: the line that
opens at `/` did not have the focus yet. So a key waits until the one before it has gone all its
way: the widget, its parents, the app, and a screen that opened, up to its first focus.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final, TypeVar

from textual import events
from textual.actions import ActionParseResult
from textual.app import App
from textual.css.query import QueryError
from textual.screen import Screen

from tui.messages import KeyDone

R = TypeVar("R")
_PATIENCE_S: Final = 0.25  # an action that takes longer than this does not hold the keyboard


class TypeAhead(App[R]):
    """An app that takes keys in the order they were typed, whatever each opens."""

    def __init__(self, *arguments: Any, **fields: Any) -> None:
        super().__init__(*arguments, **fields)
        self._waiting: deque[events.Key | events.Paste] = deque()
        self._number = 0
        self._is_typing = False
        self._screen_before: Screen[Any] | None = None

    @property
    def has_keys_waiting(self) -> bool:
        """Whether a key is on its way, or waits for that."""
        return self._is_typing

    async def on_event(self, event: events.Event) -> None:
        """Take an event; a key or a paste only when it is its turn."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif self._is_typing:
            self._waiting.append(event)
            if len(self._waiting) == 1:
                self._watch()
        else:
            await self._type(event)

    async def on_key_done(self, message: KeyDone) -> None:
        """A key has bubbled up to here; what it asked of the app comes after it."""
        message.stop()
        if message.number == self._number:
            self.call_later(self._arrived, message.number)

    async def run_action(
        self, action: str | ActionParseResult, *arguments: Any, **fields: Any
    ) -> bool:
        """Do what a key stands for; one for parts of a screen that are not there does nothing."""
        try:
            return await super().run_action(action, *arguments, **fields)
        except QueryError:  # it is not mounted yet, or goes at this moment
            return True

    async def _type(self, event: events.Key | events.Paste) -> None:
        self._is_typing = True
        self._number += 1
        self._screen_before = self.screen
        target = self.focused or self.screen
        await super().on_event(event)
        if not target.post_message(KeyDone(self._number)):
            await self._next(self._number)  # the widget is gone, and its keys with it

    async def _arrived(self, number: int) -> None:
        """All that the key led to is done, but for a screen that it opened."""
        if self.screen is not self._screen_before:
            self._screen_before = self.screen
            if self.screen.post_message(KeyDone(number)):
                return
        await self._next(number)

    async def _next(self, number: int) -> None:
        if number != self._number or not self._is_typing:
            return
        self._is_typing = False
        if self._waiting:
            event = self._waiting.popleft()
            await self._type(event)
            if self._waiting:
                self._watch()

    def _watch(self) -> None:
        """Let the next key go after a while, come what may."""
        number = self._number
        self.set_timer(_PATIENCE_S, lambda: self.call_later(self._next, number))
