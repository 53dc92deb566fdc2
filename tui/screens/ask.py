"""Small questions: one line of text, one object of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from tui.actions.action import Target
from tui.screens.fitting import Dialog
from tui.widgets.lines import Lines
from tui.widgets.spans import Span, fit


class Ask(Dialog[str | None]):
    """One line; Esc answers nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "close")]

    def __init__(self, title: str, *, note: str) -> None:
        super().__init__()
        self._title = title
        self._note = note

    def compose(self) -> ComposeResult:
        """Put the line in a box."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "Enter ok   Esc no"
            yield Input(compact=True, placeholder=self._note)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)


class _Targets(Lines):
    def __init__(self, targets: Sequence[Target]) -> None:
        super().__init__()
        self._targets = targets

    def count(self) -> int:
        return len(self._targets)

    def line(self, index: int, width: int) -> list[Span]:
        target, glyphs = self._targets[index], self.app.glyphs
        cursor = glyphs.cursor if index == self.cursor else " "
        name = fit(target.name, max(0, width - 12), ellipsis=glyphs.ellipsis)
        return [(f"{cursor} ", "key"), (name, ""), (f"  {target.id[:8]}", "dim")]


class Choose(Dialog[Target | None]):
    """One of several objects; Esc answers none."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "close")]

    def __init__(self, title: str, targets: Sequence[Target]) -> None:
        super().__init__()
        self._title = title
        self._targets = targets

    def compose(self) -> ComposeResult:
        """Put the objects in a box."""
        with Vertical(classes="dialog list") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "Enter choose   Esc no"
            yield _Targets(self._targets)

    @on(Lines.Chosen)
    def _chosen(self, event: Lines.Chosen) -> None:
        self.dismiss(self._targets[event.lines.cursor])
