"""The question before something is destroyed: what, and what the same is in a shell."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events, getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tui.actions import action as actions
from tui.actions.action import Action, Level, Target
from tui.app import Tui
from tui.client import plans
from tui.client.call import Call
from tui.client.errors import ClientError
from tui.screens.fitting import Dialog
from tui.widgets import plan_lines
from tui.widgets.spans import clean

_NAMED_MAX = 6


class Confirm(Dialog[bool]):
    """Enter means no, unless the name (or the count) has been typed where the level asks for it."""

    app = getters.app(Tui)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "refuse", "no"),
        Binding("y", "accept", "yes"),
    ]

    def __init__(self, action: Action, targets: Sequence[Target], *, level: Level) -> None:
        super().__init__()
        self._action = action
        self._targets = targets
        self._level = level
        self._is_typed = level >= Level.FOR_GOOD
        named = targets[0].name if len(targets) == 1 else str(len(targets))
        self.wanted = f"DELETE {named}" if level >= Level.EVERYTHING else named

    def compose(self) -> ComposeResult:
        """Put the question, the objects, the line and the way to answer."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = f"{self._action.label.capitalize()}?"
            yield Static(Content("\n").join(self._lines()), markup=False)
            yield Static(id="plan-lines", markup=False)
            if self._is_typed:
                what = "the name" if len(self._targets) == 1 else "how many"
                what = "" if self._level >= Level.EVERYTHING else f"{what}, "
                yield Static(Content(clean(f"Type {what}{self.wanted}, to go on. Esc: no.")))
                yield Input(compact=True)
            else:
                yield Static("y: yes      Enter or Esc: no", markup=False)

    def on_mount(self) -> None:
        """Ask what it would do."""
        if self._action.plan:
            self._load(self._action.plan)

    @work(exclusive=True, group="plan")
    async def _load(self, plan: Callable[[Target], Call | None]) -> None:
        """Say what would become of the first few; without an answer the question stands alone."""
        found = []
        with contextlib.suppress(ClientError):
            for target in self._targets[:_NAMED_MAX]:
                if (call := plan(target)) is not None:
                    found.append(await self.app.fetch(call, plans.plan))
        if found:
            lines = plan_lines.lines(found, glyphs=self.app.glyphs)
            text = Content("\n").join([*lines, Content("")])
            self.query_one("#plan-lines", Static).update(text)

    def _lines(self) -> list[Content]:
        names = [Content(clean(f"  {target.name}  {target.id}")) for target in self._targets]
        more = len(names) - _NAMED_MAX
        line = actions.shell_line(self._action, self._targets[0])
        return [
            Content(self._action.purpose),
            *names[:_NAMED_MAX],
            *([Content(f"  and {more} more")] if more > 0 else []),
            Content.styled(clean(f"$ {line}"), "$secondary"),
            Content(""),
        ]

    def action_accept(self) -> None:
        """Go on, where one key is enough."""
        if not self._is_typed:
            self.dismiss(True)

    def action_refuse(self) -> None:
        """Do nothing."""
        self.dismiss(False)

    def key_enter(self, event: events.Key) -> None:
        """Do nothing: Enter is what fingers do by themselves. It opens nothing below, either."""
        if not self._is_typed:
            event.stop()
            event.prevent_default()
            self.dismiss(False)

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() in (self.wanted, self.app.mask.text(self.wanted)))
