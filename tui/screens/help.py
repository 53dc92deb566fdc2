"""The keys of a screen, made of its bindings, each with the shell line it stands for."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen

from tui.actions.action import Target, shell_line
from tui.client.nouns import Request
from tui.registry import BY_ID
from tui.widgets import hints
from tui.widgets.lines import Lines
from tui.widgets.spans import Span, fit

_THIS: Final = Target(id="ID", name="NAME", noun=Request(id="REQUEST-ID"))


class Help(ModalScreen[None]):
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
    """Return key, label and explanation of every binding that works on ``screen``."""
    result = []
    shown = [active.binding for active in screen.active_bindings.values()]
    for binding in sorted(shown, key=lambda binding: hints.rank(binding, unknown=len(BY_ID))):
        action = BY_ID.get(binding.id or "")
        text = action.purpose if action else binding.tooltip
        line = shell_line(action, _THIS) if action else ""
        result.append((hints.key_name(binding.key), binding.description, text))
        if line:
            result.append(("", "", f"$ {line}"))
            if action and action.call:
                result.append(("", "", action.call(_THIS).line()))
    return result


class _Keys(Lines):
    def __init__(self, keys: list[tuple[str, str, str]]) -> None:
        super().__init__()
        self._keys = keys

    def count(self) -> int:
        return len(self._keys)

    def line(self, index: int, width: int) -> list[Span]:
        key, label, text = self._keys[index]
        rest = fit(text, max(0, width - 26), ellipsis=self.app.glyphs.ellipsis)
        return [
            (f" {key:6} ", "key"),
            (fit(label, 15) + " ", "title"),
            (rest, "" if key else "dim"),
        ]
