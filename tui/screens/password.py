"""The question for a password in the middle of the work, which stays as it is below."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tui.screens.fitting import Dialog
from tui.widgets.spans import clean


class Password(Dialog[str | None]):
    """Gives what was typed, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "not now")]

    def __init__(self, *, user: str, reason: str) -> None:
        super().__init__()
        self._user = user
        self._reason = reason

    def compose(self) -> ComposeResult:
        """Put the reason over the line to type in."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(clean(f"Password of {self._user}"))
            dialog.border_subtitle = "Enter go on   Esc not now"
            yield Static(Content(clean(f"The cloud no longer lets you in: {self._reason}")))
            yield Static(Content.styled("What you were doing is kept.", "$secondary"))
            yield Input(password=True, compact=True)

    def action_leave(self) -> None:
        """Stay logged out."""
        self.dismiss(None)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        self.dismiss(event.value or None)
