"""What moves the cursor of a list; here so that key maps can change it and help can tell it."""

from __future__ import annotations

from typing import Final

from tui.actions.action import Action

_FAR: Final = 1_000_000_000


def _moving(verb: str, keys: str, does: str, label: str, purpose: str) -> Action:
    return Action(
        id=f"cursor.{verb}", keys=keys, label=label, views=("cursor",), does=does,
        purpose=purpose, is_shown=False,
    )  # fmt: skip


ACTIONS: Final = (
    _moving("up", "up", "move(-1)", "up", "One line up."),
    _moving("down", "down", "move(1)", "down", "One line down."),
    _moving("page_up", "pageup", "page(-1)", "page up", "One window up."),
    _moving("page_down", "pagedown", "page(1)", "page down", "One window down."),
    _moving("first", "home", f"move(-{_FAR})", "first", "To the first line."),
    _moving("last", "end", f"move({_FAR})", "last", "To the last line."),
    _moving("open", "enter", "choose", "open", "Open what is under the cursor."),
)
