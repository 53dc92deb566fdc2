"""All that one message says."""

from __future__ import annotations

from typing import ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.actions.action import Target
from tui.app import Tui
from tui.client.nouns import Message
from tui.kinds import messages
from tui.screens.fitting import Dialog
from tui.widgets.spans import clean


class Inside(Dialog[None]):
    """A message, taken apart."""

    app = getters.app(Tui)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,d", "app.back", "close"),
        Binding("t", "trace", "trace"),
    ]

    def __init__(self, message: Message) -> None:
        super().__init__()
        self._message = message

    def compose(self) -> ComposeResult:
        """Put it in a box."""
        lines = [
            Content(clean(line)) if isinstance(line, str) else line
            for line in messages.inside(self._message, self.app)
        ]
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(clean(messages.KIND.name(self._message)))
            dialog.border_subtitle = "t trace its request   Esc close"
            with VerticalScroll():
                yield Static(Content("\n").join(lines), markup=False)

    def targets(self) -> list[Target]:
        """Return the message."""
        return [Target(id=self._message.key, name=self._message.step, noun=self._message)]

    def action_trace(self) -> None:
        """Follow its request instead."""
        self.dismiss()
        self.app.action_trace(self._message.request_id or "")
