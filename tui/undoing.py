"""Undo and redo from the keyboard, and the line that offers them after an act.

The cloud keeps the journal: what is undone may have been done by any client of this user.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final

from tui import messages, quantities
from tui.client import nouns, verbs
from tui.client.errors import ClientError

if TYPE_CHECKING:
    from tui.app import Tui

OFFERED_S: Final = 10.0  # how long the line that offers an undo stays
_REMEMBERED: Final = 50  # requests of this client whose entry is still to come


class Offers:
    """Tells once of each act of this client that it can be undone, when the journal has it."""

    def __init__(self, app: Tui) -> None:
        self._app = app
        self._requests: dict[str, None] = {}

    def expect(self, request_id: str) -> None:
        """Tell of the entry that this request left, when it comes; or now, if it is there."""
        self._requests[request_id] = None
        while len(self._requests) > _REMEMBERED:
            del self._requests[next(iter(self._requests))]
        self.look()

    def look(self) -> None:
        """Tell of what came."""
        if not self._requests:
            return
        for deed in self._app.store.all(nouns.Deed):
            if deed.request_id in self._requests:
                del self._requests[deed.request_id]
                self._offer(deed)

    def _offer(self, deed: nouns.Deed) -> None:
        until_s = quantities.epoch_s(deed.undo_until)
        if deed.state != "done" or deed.level == 0:
            return
        left = "" if until_s is None else f"  {quantities.countdown(until_s - self._app.now_s())}"
        self._app.say(f"z undo: {deed.what}{left}", for_s=OFFERED_S)


async def turn(app: Tui, *, is_redo: bool) -> None:
    """Undo what the user did last, or do again what they undid last; say what that was."""
    verb = verbs.journal.redo if is_redo else verbs.journal.undo
    word, other = ("redone", "z undoes it") if is_redo else ("undone", "Z does it again")
    read = importlib.import_module("tui.client.journal").entry
    try:
        deed: nouns.Deed = await app.fetch(verb(), read)
    except ClientError as error:
        app.say(error.reason, is_error=True)
        return
    for screen in app.screen_stack[-1:]:  # there may be none just now: modes are changing
        screen.post_message(messages.Acted())
    app.say(f"{word}: {deed.what}  {app.glyphs.dot}  {other}")
