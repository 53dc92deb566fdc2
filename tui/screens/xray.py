"""X-ray: one object and all it is made of, each part held against what the host really has."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import ClassVar, Final

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from tui import themes
from tui.actions.action import Target, request_of
from tui.actions.insides import xrayed
from tui.client import insides, verbs
from tui.client.errors import ClientError
from tui.client.nouns.xray import Part
from tui.screens.view import View
from tui.store import Topic
from tui.widgets.panel import Panel
from tui.widgets.rows import Row, Rows
from tui.widgets.spans import Span, clean, fit

_AGAIN_S: Final = 5.0  # what no row tells of changes too: a process, a lease
_BURST_S: Final = 0.02  # several reasons to ask are one
_LABEL: Final = 30
_WORD: Final = 16
# a kind → the screen on which its objects are
_PLACE_BY_KIND: Final = {
    "instance": "instances", "image": "images", "volume": "volumes", "network": "networks",
    "port": "networks", "security_group": "groups", "key_pair": "keys",
}  # fmt: skip


class Xray(View):
    """One tree, looked at anew whenever something of it changed, and now and then."""

    AUTO_FOCUS = "Rows"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go_there", "go there", tooltip="Go to the object under the cursor."),
        Binding("t", "trace", "trace", tooltip="Follow the request that brought it to this."),
        Binding("r", "look", "look again", tooltip="Ask the hosts again, now."),
        Binding("n", "next", "next mismatch", tooltip="Go on to what does not agree."),
        Binding("y", "copy", "copy JSON", tooltip="Copy the tree as JSON."),
    ]

    def __init__(self, target: Target, *, crumbs: Iterable[str] = ()) -> None:
        super().__init__()
        self._target = target
        self._kind, self._key = xrayed(target)
        self._crumbs = [*crumbs, target.name or target.id, "X-ray"]
        self._found: Part | None = None
        self._age_s = 0.0

    def crumbs(self) -> list[str]:
        """Return the path through the object."""
        return self._crumbs

    def body(self) -> Iterable[Widget]:
        """Return the tree, and what is known of the part under the cursor."""
        with Vertical(classes="box", id="tree"):
            yield Rows[Part]()
        yield Panel(widget_id="part", wraps=True)

    @property
    def rows(self) -> Rows[Part]:
        """The tree's lines."""
        return self.query_one("#tree Rows", Rows)

    def show(self, topics: frozenset[Topic]) -> None:
        """Ask again when something of its kind changed, or a port."""
        if topics & {self._kind, "port"}:
            self.action_look()

    def tick(self) -> None:
        """Ask again now and then."""
        self._age_s += 1.0
        if self._age_s >= _AGAIN_S and self.is_current:
            self.action_look()

    def targets(self) -> list[Target]:
        """Return the object."""
        return [self._target]

    def action_look(self) -> None:
        """Ask the hosts again."""
        self._age_s = 0.0
        self._load()

    async def action_go_there(self) -> None:
        """Go to the object that the part is."""
        part = self.rows.current
        place = _PLACE_BY_KIND.get(part.kind) if part else None
        if part is None or place is None:
            self.app.say("this part is nowhere else", is_error=True)
            return
        self.app.pop_screen()
        await self.app.action_open(place, part.id)

    def action_trace(self) -> None:
        """Follow the request that last changed it."""
        if request_id := request_of(self._target):
            self.app.action_trace(request_id)
        else:
            self.app.say("no request is known for this", is_error=True)

    def action_next(self) -> None:
        """Go on to the next part that does not agree."""
        rows = self.rows
        wrong = [at for at, part in enumerate(_parts(self._found)) if part.mismatch]
        if wrong:
            rows.move_to(next((at for at in wrong if at > rows.cursor), wrong[0]))

    def action_copy(self) -> None:
        """Copy the tree as JSON."""
        if self._found:
            self.app.copy_to_clipboard(json.dumps(asdict(self._found), indent=2))
            self.app.say("copied the x-ray as JSON")

    @on(Rows.Moved)
    def _moved(self) -> None:
        self._show_part()

    @on(Rows.Chosen)
    async def _chosen(self) -> None:
        await self.action_go_there()

    @work(exclusive=True, group="xray")
    async def _load(self) -> None:
        if not self._kind:
            self.query_one("#part", Panel).show("there is no x-ray of this")
            return
        await asyncio.sleep(_BURST_S)
        try:
            self._found = await self.app.fetch(
                verbs.insides.xray(self._kind, self._key), insides.xray
            )
        except ClientError as error:
            self.query_one("#part", Panel).show(clean(error.reason))
            return
        self._draw(self._found)

    def _draw(self, tree: Part) -> None:
        box = self.query_one("#tree")
        box.border_title = Content(clean(f"X-ray {self._key[:8]} {tree.label}"))
        wrong = sum(bool(part.mismatch) for part in _parts(tree))
        unseen = sum(part.meaning == "unknown" for part in _parts(tree))
        box.border_subtitle = _verdict(wrong, unseen)
        self.rows.update_rows(list(self._lines(tree)))
        self._show_part()

    def _lines(
        self, part: Part, stem: str = "", branch: str = "", path: tuple[str, ...] = ()
    ) -> Iterator[Row[Part]]:
        """Yield the line of a part, and those below it."""
        path = (*path, part.label)
        twig, last, trunk = self.app.glyphs.twig, self.app.glyphs.twig_last, self.app.glyphs.trunk
        yield Row(path, part, self._drawing(part, stem + branch))
        below = stem + {"": "", twig: trunk, last: "   "}[branch]
        for child in part.children:
            is_last = child is part.children[-1]
            yield from self._lines(child, below, last if is_last else twig, path)

    def _drawing(self, part: Part, lead: str) -> Callable[[int], list[Span]]:
        def draw(width: int) -> list[Span]:
            room = min(_LABEL, max(12, width // 3)) - len(lead)
            sign = self.app.glyphs.state(part.meaning)
            label = fit(part.label, max(room, 6), ellipsis=self.app.glyphs.ellipsis)
            return [
                (lead, "dim"), (f"{label} ", "title" if not lead else ""),
                (fit(f"{sign} {part.word}", _WORD, ellipsis=self.app.glyphs.ellipsis),
                 part.meaning),
                (f" {clean(part.mismatch or part.detail)}", "failed" if part.mismatch else "dim"),
            ]  # fmt: skip

        return draw

    def _show_part(self) -> None:
        part, panel = self.rows.current, self.query_one("#part", Panel)
        if part is None:
            return
        panel.border_title = Content(clean(part.label))
        place = _PLACE_BY_KIND.get(part.kind)
        panel.border_subtitle = f"Enter: {place}" if place else ""
        sign = f"{self.app.glyphs.state(part.meaning)} {part.word}"
        lines = [Content.assemble((sign, themes.COLOUR[part.meaning]), f"  {clean(part.detail)}")]
        if part.mismatch:
            text = clean(f"{self.app.glyphs.failed} {part.mismatch}")
            lines.append(Content.styled(text, themes.COLOUR["failed"]))
        panel.show(*lines)


def _parts(tree: Part | None) -> Iterator[Part]:
    """Yield all parts in the order of their lines."""
    if tree is not None:
        yield tree
        for child in tree.children:
            yield from _parts(child)


def _verdict(wrong: int, unseen: int) -> str:
    if wrong:
        things = "one thing does" if wrong == 1 else f"{wrong} things do"
        return f"{things} not match: n"
    if unseen:
        return f"{unseen} could not be looked at"
    return "row and host agree"
