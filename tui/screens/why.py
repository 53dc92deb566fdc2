"""Why an object is as it is: a sentence, the facts with their numbers as bars, what would help."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

from tui import quantities, themes
from tui.actions import why
from tui.actions.action import Target, request_of
from tui.client import plans, verbs
from tui.client.errors import ClientError
from tui.client.nouns.planning import Explanation, Reason
from tui.glyphs import Meaning
from tui.screens.view import View
from tui.store import Topic
from tui.widgets.panel import Panel
from tui.widgets.spans import clean

_BAR: Final = 20
_BAD: Final = ("error", "down", "full", "dead")
_WAITING: Final = ("paused", "disabled", "near quota")


class Why(View):
    """One explanation, asked for anew whenever the object changes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "trace", "trace", tooltip="Follow the request that brought it to this."),
        Binding("y", "copy", "copy", tooltip="Copy the explanation as text."),
    ]

    def __init__(self, target: Target, *, crumbs: Iterable[str] = ()) -> None:
        super().__init__()
        self._target = target
        self._kind = why.kind_of(target)
        self._found: Explanation | None = None
        self._crumbs = [*crumbs, target.name or target.id, "Why"]

    def crumbs(self) -> list[str]:
        """Return the path through the object."""
        return self._crumbs

    def body(self) -> Iterable[Widget]:
        """Return the sentence and the facts."""
        yield Panel("Why", widget_id="why", wraps=True)
        yield Panel("What is known", widget_id="reasons", wraps=True)
        yield Panel("What would help", widget_id="advice", wraps=True)

    def show(self, topics: frozenset[Topic]) -> None:
        """Ask again when something of its kind changed."""
        if self._kind in topics:
            self._load()

    def targets(self) -> list[Target]:
        """Return the object."""
        return [self._target]

    def action_trace(self) -> None:
        """Open the request that brought it to this; else the one that last changed it."""
        request_id = (self._found and self._found.request_id) or request_of(self._target)
        if request_id:
            self.app.action_trace(request_id)
        else:
            self.app.say("no request is known for this", is_error=True)

    def action_copy(self) -> None:
        """Copy what the screen says."""
        if self._found:
            facts = [f"{one.what}: {one.text}" for one in self._found.reasons]
            lines = [f"{self._found.state}: {self._found.summary}", *facts, *self._found.advice]
            self.app.copy_to_clipboard("\n".join(lines))
            self.app.say("copied the explanation")

    @work(exclusive=True, group="why")
    async def _load(self) -> None:
        call = verbs.planning.explanation(self._kind, self._target.id)
        try:
            self._found = await self.app.fetch(call, plans.explanation)
        except ClientError as error:
            self.query_one("#why", Panel).show(clean(error.reason))
            return
        self._draw(self._found)

    def _draw(self, found: Explanation) -> None:
        meaning = _meaning(found.state)
        sign = self.app.glyphs.state(meaning)
        panel = self.query_one("#why", Panel)
        panel.border_title = Content(clean(f"Why is {self._target.name} {found.state.lower()}?"))
        panel.show(
            Content.assemble((f"{sign} ", themes.COLOUR[meaning]), clean(found.summary)),
        )
        facts = [line for reason in found.reasons for line in self._fact(reason)]
        nothing = Content("Nothing stands in its way.")
        self.query_one("#reasons", Panel).show(*(facts or [nothing]))
        advice = list(found.advice)
        if found.request_id or request_of(self._target):
            advice.append("t shows the request that brought it to this.")
        arrow = self.app.glyphs.arrow
        lines = [f"{arrow} {one}" for one in advice] or ["Nothing needs to be done."]
        self.query_one("#advice", Panel).show(*(clean(line) for line in lines))

    def _fact(self, reason: Reason) -> Iterable[Content]:
        yield Content.assemble((clean(reason.what), "bold"), "  ", clean(reason.text))
        if reason.limit and reason.limit > 0 and reason.free is not None:
            used = max(reason.limit - reason.free, 0)
            yield self._bar(used, reason.asked or 0, reason.limit, reason.unit)
        elif reason.limit and reason.limit > 0 and reason.asked is not None:
            yield self._bar(reason.asked, 0, reason.limit, reason.unit)

    def _bar(self, used: int, asked: int, limit: int, unit: str) -> Content:
        """Return how full it is, and how full it would be."""
        bar = self.app.glyphs.bar(min(used / limit, 1.0), width=_BAR)
        text = f" {_amount(used, unit)}" + (f" + {_amount(asked, unit)}" if asked else "")
        colour: Meaning = "failed" if used + asked > limit else "good"
        return Content.assemble("  ", (bar, themes.COLOUR[colour]), f"{text} of ",
                                _amount(limit, unit))  # fmt: skip


def _meaning(state: str) -> Meaning:
    word = state.lower()
    if word.startswith(_BAD):
        return "failed"
    if word.startswith(_WAITING):
        return "attention"
    if word in ("active", "available", "in-use", "up", "ok", "idle"):
        return "good"
    return "off" if word in ("shutoff", "deactivated", "deleted") else "busy"


def _amount(value: int, unit: str) -> str:
    if unit == "bytes":
        return quantities.size(value)
    if unit == "MiB":
        return quantities.memory(value)
    return f"{value} {unit}".strip()
