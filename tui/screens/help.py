"""The keys of a screen, made of its bindings, each with the shell line it stands for."""

from __future__ import annotations

import inspect
import textwrap
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen

from tui import places
from tui.actions.action import Target, shell_line
from tui.client.nouns import Request
from tui.registry import BY_ID
from tui.screens.fitting import Dialog
from tui.widgets import hints
from tui.widgets.lines import Lines
from tui.widgets.spans import Span, fit

_SENTENCE_WIDTH: Final = 72
_WIDE: Final = 90
_THIS: Final = Target(id="ID", name="NAME", noun=Request(id="REQUEST-ID"))


class Help(Dialog[None]):
    """A list of keys; it cannot differ from what the keys do."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark", "app.back", "close")]

    def __init__(self, *, of: Screen[Any]) -> None:
        super().__init__()
        self._of = of

    def compose(self) -> ComposeResult:
        """Put the list in a box."""
        with Vertical(classes="dialog tall") as dialog:
            dialog.border_title = "Keys"
            dialog.border_subtitle = "Esc close"
            yield _Keys(rows(self._of))


def rows(screen: Screen[Any]) -> list[tuple[str, str, str]]:
    """Return what the screen is for, then key, label and explanation of all that works on it."""
    result = [("", "", sentence) for sentence in textwrap.wrap(purpose(screen), _SENTENCE_WIDTH)]
    keys: dict[str, list[str]] = {}
    bindings: dict[str, Binding] = {}
    for active in screen.active_bindings.values():
        name = active.binding.id or active.binding.action
        keys.setdefault(name, []).append(hints.key_name(active.binding.key))
        bindings.setdefault(name, active.binding)
    shown = sorted(bindings.items(), key=lambda one: hints.rank(one[1], unknown=len(BY_ID)))
    for name, binding in shown:
        action = BY_ID.get(binding.id or "")
        text = action.purpose if action else binding.tooltip
        result.append((" ".join(keys[name]), binding.description, text))
        if action and (line := shell_line(action, _THIS)):
            result.append(("", "", f"$ {line}"))
            if action.call:
                result.append(("", "", action.call(_THIS).line()))
    return result


def purpose(screen: Screen[Any]) -> str:
    """Return what a screen is for, in a sentence or two."""
    kind = getattr(screen, "KIND", None)
    place = places.BY_NAME.get(screen.app.current_mode)
    told = [screen.HELP or "", kind.purpose if kind else place.purpose if place else ""]
    if len(screen.app.screen_stack) > 2 and not screen.HELP:  # it lies over its place
        told = [inspect.getdoc(screen) or ""]
    return " ".join(dict.fromkeys(filter(None, (text.strip() for text in told))))


class _Keys(Lines):
    def __init__(self, keys: list[tuple[str, str, str]]) -> None:
        super().__init__()
        self._keys = keys

    def count(self) -> int:
        return len(self._keys)

    def line(self, index: int, width: int) -> list[Span]:
        key, label, text = self._keys[index]
        ellipsis = self.app.glyphs.ellipsis
        if not key and not text.startswith(("$ ", "GET", "POST", "PUT", "PATCH", "DELETE")):
            return [(fit(f" {text}", width, ellipsis=ellipsis), "")]
        room = 9 if width < _WIDE else 14
        rest = fit(text, max(0, width - room - 18), ellipsis=ellipsis)
        return [
            (f" {fit(key, room, ellipsis=ellipsis)} ", "key"),
            (fit(label, 15, ellipsis=ellipsis) + " ", "title"),
            (rest, "" if key else "dim"),
        ]
