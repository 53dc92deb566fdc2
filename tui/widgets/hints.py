"""The last lines: the keys that work now: the list of all of them first, then the most used."""

from __future__ import annotations

from typing import Final

from textual import getters
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from tui import registry
from tui.app import Tui

_ROWS: Final = 2
_RANK: Final = {action_id: at for at, action_id in enumerate(registry.BY_ID)}


class Hints(Widget):
    """Keys and labels of the active bindings, made anew whenever those change."""

    app = getters.app(Tui)

    def on_mount(self) -> None:
        """Follow the screen's bindings."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, _: Screen[object]) -> None:
        self.refresh()

    def render(self) -> Content:
        """Draw what fits into two lines."""
        rows: list[list[tuple[str, str]]] = [[]]
        room = self.size.width - 1
        for key, label in self._keys():
            needed = len(key) + len(label) + 4
            if needed > room:
                if len(rows) == _ROWS:
                    break
                rows.append([])
                room = self.size.width - 1
            rows[-1].append((key, label))
            room -= needed
        return Content("\n").join(_row(row) for row in rows)

    def _keys(self) -> list[tuple[str, str]]:
        shown = [
            active.binding
            for active in self.screen.active_bindings.values()
            if active.enabled and self._is_shown(active.binding)
        ]
        shown.sort(key=lambda binding: (binding.id != "app.help", rank(binding)))
        return [(key_name(binding.key), binding.description) for binding in shown]

    def _is_shown(self, binding: Binding) -> bool:
        """Going back is worth a word only where there is something to go back to."""
        if binding.id == "app.back":
            return len(self.app.screen_stack) > 1
        return binding.show


_NAMES = {
    "minus": "-", "plus": "+",
    "question_mark": "?", "colon": ":", "slash": "/", "escape": "Esc", "enter": "Enter",
    "exclamation_mark": "!",
    "left_square_bracket": "[", "right_square_bracket": "]", "vertical_line": "|",
    "space": "Space", "tab": "Tab", "shift+tab": "S-Tab",
    "up": "Up", "down": "Down", "left": "Left", "right": "Right",
    "pageup": "PgUp", "pagedown": "PgDn", "home": "Home", "end": "End",
}  # fmt: skip


def rank(binding: Binding, *, unknown: int = -1) -> int:
    """Return the place of a binding in the registry; ``unknown`` for those not in it."""
    return _RANK.get(binding.id or "", unknown)


def key_name(key: str) -> str:
    """Return a key as people write it: ``^d``, ``Esc``, ``?``, ``S``."""
    if key.startswith("ctrl+"):
        return f"^{key.removeprefix('ctrl+')}"
    if key[:1] == "f" and key[1:].isdigit():
        return key.upper()
    return _NAMES.get(key, key.removeprefix("upper_"))


def _row(keys: list[tuple[str, str]]) -> Content:
    return Content("   ").join(
        Content.assemble((key, "bold $accent"), " ", (label, "$secondary")) for key, label in keys
    )
