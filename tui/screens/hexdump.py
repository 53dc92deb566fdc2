"""The bytes of an image or an object, read where one looks: a file of any size opens at once."""

from __future__ import annotations

import contextlib
from typing import ClassVar, Final

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from tui import quantities, transfers
from tui.app import Tui
from tui.client.errors import ClientError
from tui.client.nouns import Entry, Image
from tui.screens.ask import Ask
from tui.screens.fitting import Dialog
from tui.widgets.lines import Lines
from tui.widgets.spans import Span, clean

_ROW: Final = 16
_BLOCK: Final = 4096  # bytes of one request: 256 rows
_KEPT_MAX: Final = 64  # blocks: 256 KiB


class Bytes(Lines):
    """Rows of sixteen bytes; what is not there yet is dots, and is asked for."""

    def __init__(self, size_bytes: int) -> None:
        super().__init__()
        self.size_bytes = size_bytes
        self._blocks: dict[int, bytes] = {}

    def count(self) -> int:
        """Return the number of rows."""
        return -(-self.size_bytes // _ROW)

    def line(self, index: int, width: int) -> list[Span]:
        """Return place, bytes and characters of a row."""
        place = index * _ROW
        data = self.at(place)
        shown = " ".join(data[at : at + 8].hex(" ") for at in (0, 8)) if data else "..." * 5
        text = "".join(chr(code) if 32 <= code < 127 else "." for code in data or b"")
        return [(f"{place:08x}  ", "dim"), (f"{shown:<48} ", ""), (text, "title")]

    def at(self, place: int) -> bytes | None:
        """Return the bytes of the row at ``place``, or None."""
        block = self._blocks.get(place // _BLOCK)
        offset = place % _BLOCK
        return block[offset : offset + _ROW] if block is not None else None

    def missing(self) -> int | None:
        """Return the first block in sight that is not there, or None."""
        top = self.scroll_offset.y * _ROW
        bottom = min(self.size_bytes - 1, top + self.size.height * _ROW)
        wanted = range(top // _BLOCK, max(0, bottom) // _BLOCK + 1)
        return next((block for block in wanted if block not in self._blocks), None)

    def put(self, block: int, data: bytes) -> None:
        """Take a block; those that were taken first are forgotten."""
        self._blocks[block] = data
        while len(self._blocks) > _KEPT_MAX:
            self._blocks.pop(next(iter(self._blocks)))
        self.refresh()

    def watch_scroll_y(self, before: float, after: float) -> None:
        """Tell that other rows are in sight."""
        super().watch_scroll_y(before, after)
        self.post_message(self.Moved(self))


class Hexdump(Dialog[None]):
    """A hexdump that is read as it is scrolled; ``g`` goes to any place."""

    app = getters.app(Tui)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,h", "app.back", "close"),
        Binding("g", "go", "go to"),
    ]

    def __init__(self, noun: Image | Entry, name: str) -> None:
        super().__init__()
        self._noun = noun
        self._called = name
        self._bytes = Bytes(noun.size_bytes or 0)

    def compose(self) -> ComposeResult:
        """Put the rows in a box."""
        with Vertical(classes="dialog tall") as dialog:
            size = quantities.size(self._bytes.size_bytes)
            dialog.border_title = Content(clean(f"{self._called}  {size}"))
            dialog.border_subtitle = "g go to a place   Esc close"
            yield self._bytes

    @work(group="acts")
    async def action_go(self) -> None:
        """Go to a place, given in bytes: 1000, 0x3e8 or -16 from the end."""
        text = await self.app.push_screen_wait(Ask("Go to", note="1000, 0x3e8, -16 from the end"))
        if not text:
            return
        with contextlib.suppress(ValueError):
            place = int(text, 0)
            size_bytes = self._bytes.size_bytes
            self._bytes.move_to((place if place >= 0 else size_bytes + place) // _ROW)
            return
        self.app.say(f"{text} is no place", is_error=True)

    @on(Lines.Moved)
    def _moved(self) -> None:
        self._load()

    def on_screen_resume(self) -> None:
        """Read what is in sight."""
        self.call_after_refresh(self._load)

    @work(exclusive=True, group="bytes")
    async def _load(self) -> None:
        while (block := self._bytes.missing()) is not None:
            first = block * _BLOCK
            last = min(first + _BLOCK, self._bytes.size_bytes) - 1
            try:
                session = await self.app.session()
                call = transfers.content_of(self._noun)
                pieces = transfers.read(session, call, first=first, last=last)
                async with contextlib.aclosing(pieces):
                    self._bytes.put(block, b"".join([piece async for piece in pieces]))
            except ClientError as error:
                self.app.say(error.reason, is_error=True)
                return
