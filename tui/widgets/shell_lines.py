"""A draft as the lines that say the same: OpenStack's client, euca2ools, the API call."""

from __future__ import annotations

from typing import ClassVar

from textual import getters
from textual.binding import Binding, BindingType
from textual.content import Content

from tui import drafts
from tui.actions.action import quote
from tui.app import Tui
from tui.drafts import RunDraft
from tui.widgets.panel import Panel
from tui.widgets.spans import clean


class ShellLines(Panel, can_focus=True):
    """``y`` copies the line, ``Y`` the call as curl; long lines wrap where there is room."""

    app = getters.app(Tui)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "copy", tooltip="Copy the line of the OpenStack client."),
        Binding("Y", "copy_curl", "as curl", tooltip="Copy the API call as a line of curl."),
    ]

    def __init__(self) -> None:
        super().__init__("The same from a shell", note="^y copy   Y as curl", widget_id="shell")
        self._draft = RunDraft()

    def show_draft(self, draft: RunDraft, ami: str) -> None:
        """Show what the draft comes to; ``ami`` is the image's id in EC2's words."""
        self._draft = draft
        lines = [f"$ {quote(draft.cli())}"]
        if ec2 := draft.ec2(ami):
            lines.append(f"$ {quote(ec2)}")
        self.show(
            *(Content(clean(line)) for line in lines),
            Content.styled(clean(draft.call().line()), "$secondary"),
        )

    def action_copy(self) -> None:
        """Copy the line of the OpenStack client."""
        self._copy(quote(self._draft.cli()))

    def action_copy_curl(self) -> None:
        """Copy the API call as a line of curl."""
        who = self.app.who
        base = who.auth_url.partition("/identity")[0] if who else ""
        self._copy(drafts.curl(self._draft.call(), base))

    def _copy(self, text: str) -> None:
        self.app.copy_to_clipboard(text)
        self.app.say(f"copied: {text}")
