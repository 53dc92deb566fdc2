"""The questions of an action as a form, with the shell line and the API call it comes to."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import ClassVar

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from tui.actions.action import Action, Question, Target, shell_line
from tui.app import Tui
from tui.client import plans
from tui.client.errors import ClientError
from tui.client.nouns import Choice
from tui.rest import Rest
from tui.screens.fitting import Dialog
from tui.widgets import plan_lines
from tui.widgets.choice_field import ChoiceField
from tui.widgets.spans import clean

_SECRET = "***"  # noqa: S105 - what a secret looks like in a line


class Form(Dialog[dict[str, str] | None]):
    """Asks what an action must know; gives the answers, or None. What was typed is kept."""

    app = getters.app(Tui)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave"),
        Binding("ctrl+s", "send", "do it"),
        Binding("down", "app.focus_next", "next", show=False),
        Binding("up", "app.focus_previous", "previous", show=False),
    ]

    def __init__(self, action: Action, targets: Sequence[Target]) -> None:
        super().__init__()
        self._action = action
        self._target = targets[0]
        self._draft = f"{action.id} {self._target.id}"  # what is typed for one is no other's
        self._rest = Rest(self, self._foresee)
        self._names = ", ".join(target.name for target in targets)

    def compose(self) -> ComposeResult:
        """Put a line for each question over what they come to."""
        with Vertical(classes="dialog form") as dialog:
            dialog.border_title = Content(clean(f"{self._action.label} {self._names}".strip()))
            dialog.border_subtitle = "Tab next   Enter or ^s do it   Esc leave"
            yield Static(Content(self._action.purpose))
            for question in self._action.asks:
                yield Horizontal(
                    Static(question.label, classes="label", markup=False),
                    self._field(question),
                    *self._note(question),
                    classes="row",
                )
            yield Static(id="missing", markup=False)
            yield Static(id="comes-to", markup=False)
            yield Static(id="plan-lines", markup=False)

    def on_mount(self) -> None:
        """Ask the cloud for what there is to choose from."""
        self._load()

    def answers(self) -> dict[str, str]:
        """Return what the form says now."""
        return {question.name: self._answer(question) for question in self._action.asks}

    def action_leave(self) -> None:
        """Do nothing; what was typed is there the next time."""
        kept = {asked.name for asked in self._action.asks if asked.kind != "secret"}
        draft = {name: text for name, text in self.answers().items() if name in kept}
        self.app.form_drafts[self._draft] = draft
        self.dismiss(None)

    def action_send(self) -> None:
        """Give the answers, if nothing is missing."""
        if missing := self._missing():
            self.app.say(f"missing: {', '.join(missing)}", is_error=True)
            return
        self.app.form_drafts.pop(self._draft, None)
        self.dismiss(self.answers())

    def _field(self, question: Question) -> Widget:
        if question.kind == "choice":
            return ChoiceField(widget_id=question.name)
        return Input(
            value=self._preferred(question), id=question.name, compact=True,
            type="integer" if question.kind == "number" else "text",
            password=question.kind == "secret", placeholder=question.hint,
        )  # fmt: skip

    def _note(self, question: Question) -> list[Widget]:
        text = question.note(self._target)
        return [Static(Content(clean(text)), classes="note")] if text else []

    def _preferred(self, question: Question) -> str:
        draft = self.app.form_drafts.get(self._draft, {})
        return draft.get(question.name) or question.default(self._target)

    @work(exclusive=True, group="choices")
    async def _load(self) -> None:
        for question in self._action.asks:
            if question.kind == "choice":
                choices = await self._choices(question)
                none = [None] if question.is_optional else []
                field = self.query_one(f"#{question.name}", ChoiceField)
                field.offer([*none, *choices], prefer=self._preferred(question))
        self._show_lines()

    async def _choices(self, question: Question) -> Sequence[Choice]:
        if question.among is not None:
            return question.among(self.app.store, self._target)
        if question.offers is None:
            return []
        call = question.offers.call(self._target)
        return await self.app.ask(call, question.offers.read) or []

    @on(Input.Changed)
    @on(ChoiceField.Changed)
    def _show_lines(self) -> None:
        missing = self._missing()
        text = f"missing: {', '.join(missing)}" if missing else "Nothing has been sent yet."
        self.query_one("#missing", Static).update(Content(text))
        lines = Content("\n").join(self._lines())
        self.query_one("#comes-to", Static).update(lines)
        if missing:
            self._rest.stop()
        else:
            self._rest.begin()

    @work(exclusive=True, group="plan")
    async def _foresee(self) -> None:
        """Say what it would do, when nothing more is typed; without an answer nothing is said."""
        plan = self._action.plan
        call = plan(replace(self._target, answers=self.answers())) if plan else None
        if call is None:
            return
        with contextlib.suppress(ClientError):
            found = await self.app.fetch(call, plans.plan)
            lines = plan_lines.lines([found], glyphs=self.app.glyphs)
            self.query_one("#plan-lines", Static).update(Content("\n").join(lines))

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_send()

    def _missing(self) -> list[str]:
        answers = self.answers()
        return [
            question.label
            for question in self._action.asks
            if not question.is_optional and not answers[question.name]
        ]

    def _answer(self, question: Question) -> str:
        if question.kind == "choice":
            choice = self.query_one(f"#{question.name}", ChoiceField).choice
            return choice.id if choice else ""
        text = self.query_one(f"#{question.name}", Input).value
        return text if question.kind == "secret" else text.strip()

    def _lines(self) -> Iterable[Content]:
        """Return the lines that say the same; a secret is in none of them."""
        answers = self.answers()
        secrets = {asked.name: _SECRET for asked in self._action.asks if asked.kind == "secret"}
        target = replace(self._target, answers=answers | secrets)
        if not self._missing():
            yield Content.styled(clean(f"$ {shell_line(self._action, target)}"), "$secondary")
            if self._action.call:
                yield Content.styled(clean(self._action.call(target).line()), "$secondary")
