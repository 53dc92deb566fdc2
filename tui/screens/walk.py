"""From an image's row to its object, segments and bytes; or from an object: one Enter a step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from tui import quantities, transfers
from tui.app import Tui
from tui.client import verbs
from tui.client.errors import ClientError
from tui.client.nouns import Entry, Image
from tui.glyphs import Glyphs
from tui.screens.fitting import Dialog
from tui.screens.hexdump import Hexdump
from tui.widgets.lines import Lines
from tui.widgets.spans import Span, clean


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A line; with ``opens``, Enter goes on to the bytes of that."""

    text: str
    style: str = ""
    opens: Image | Entry | None = None


class Steps(Lines):
    """The steps, and the cursor on one."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: Sequence[Step] = ()

    def count(self) -> int:
        """Return the number of steps."""
        return len(self.steps)

    def line(self, index: int, width: int) -> list[Span]:
        """Return one step."""
        step, glyphs = self.steps[index], self.app.glyphs
        sign = glyphs.cursor if index == self.cursor else " "
        return [(f"{sign} ", "key"), (clean(step.text), step.style)]

    def update(self, steps: Sequence[Step]) -> None:
        """Show others."""
        self.steps = steps
        self.changed()


class Walk(Dialog[None]):
    """What an image or an object is made of, down to bytes."""

    app = getters.app(Tui)
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,W", "app.back", "close")]

    def __init__(self, noun: Image | Entry, name: str) -> None:
        super().__init__()
        self._noun = noun
        self._called = name

    def compose(self) -> ComposeResult:
        """Put the steps in a box."""
        with Vertical(classes="dialog tall") as dialog:
            dialog.border_title = Content(clean(f"{self._called}, down to its bytes"))
            dialog.border_subtitle = "Enter goes on   Esc back"
            yield Steps()

    def on_mount(self) -> None:
        """Ask what there is."""
        self._load()

    @work(exclusive=True, group="read")
    async def _load(self) -> None:
        try:
            if isinstance(self._noun, Image):
                body = (await self.app.send(verbs.insides.xray("image", self._noun.id))).body
                steps = [
                    Step(text=text, style=style, opens=self._noun if is_object else None)
                    for text, style, is_object in tree(body["xray"], self.app.glyphs)
                ]
            else:
                found = await transfers.segments(await self.app.session(), self._noun)
                steps = list(_parts(self._noun, found, self.app.glyphs))
        except ClientError as error:
            steps = [Step(text=f"{self.app.glyphs.failed} {error.reason}", style="failed")]
        self.query_one(Steps).update(steps)

    @on(Steps.Chosen)
    def _chosen(self) -> None:
        steps = self.query_one(Steps)
        step = steps.steps[steps.cursor]
        if step.opens is not None:
            name = step.opens.key if isinstance(step.opens, Entry) else self._called
            self.app.push_screen(Hexdump(step.opens, name))


def tree(node: dict[str, Any], glyphs: Glyphs, depth: int = 0) -> Iterable[tuple[str, str, bool]]:
    """Yield an x-ray as lines with their style, and whether it is the object that has bytes."""
    indent = "   " * (depth - 1) + f"{glyphs.branch} " if depth else ""
    meaning = node.get("meaning", "unknown")
    word = f"{glyphs.state(meaning)} {node['word']}" if node.get("word") else ""
    told = "  ".join(filter(None, (node["label"], word, node.get("detail"), node.get("mismatch"))))
    has_bytes = node["label"].startswith(("object in", "copy in"))
    yield f"{indent}{told}", "failed" if meaning == "failed" else "", has_bytes
    for child in node.get("children", ()):
        yield from tree(child, glyphs, depth + 1)


def _parts(entry: Entry, found: Sequence[Entry], glyphs: Glyphs) -> Iterable[Step]:
    size = quantities.size(entry.size_bytes)
    kind = f"a manifest of {len(found)} segments" if found else "one object"
    yield Step(text=f"{entry.key}  {size}  {kind}", style="title", opens=entry)
    for segment in found:
        told = f"{segment.key}  {quantities.size(segment.size_bytes)}  md5 {segment.etag}"
        yield Step(text=f"{glyphs.branch} {told}", opens=segment)
