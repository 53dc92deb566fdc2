"""One guest's console: title, screen, the lines before it, and the two ends of its line.

What the guest says goes to the emulator and the recording, what is typed to the line, each in
its own worker: neither waits for the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import Final

from textual import getters, on, work
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from tui import quantities, words
from tui.app import Tui
from tui.client.errors import ClientError, Refused
from tui.client.nouns import Instance
from tui.console import cast
from tui.console.history import History
from tui.console.line import Booted, Heard, Line, Lost, Output
from tui.console.title import Title
from tui.console.widget import Terminal
from tui.glyphs import Meaning

SILENCE_S: Final = 60.0
_TAKEN: Final = 409


class Pane(Vertical):
    """A console on a line."""

    app = getters.app(Tui)

    class Changed(Message):
        """What the pane has to say of itself is another."""

    def __init__(self, instance_id: str, name: str, line: Line) -> None:
        super().__init__()
        self.instance_id = instance_id
        self.guest = name
        self.line = line
        self.terminal = Terminal()
        self.history = History()
        self.recorder: cast.Recorder | None = None
        self._title = Title()
        self._typed: asyncio.Queue[bytes] = asyncio.Queue()
        self._reason = ""
        self.heard_bytes = 0
        self._told_bytes = 0
        self._rate = 0
        self._since_s = 0.0
        self._has_heard = False
        self._booted_at: float | None = None

    def compose(self) -> Iterable[Widget]:
        """Put the title over the screen; the lines before and the search line are hidden."""
        yield self._title
        yield self.terminal
        yield self.history
        yield Input(placeholder="search upwards", id="find", compact=True)

    def on_mount(self) -> None:
        """Listen and type."""
        self.history.display = self._find.display = False
        self._since_s = self.app.now_s()
        self.tick()
        self._listen()
        self._send()

    def on_unmount(self) -> None:
        """End a recording."""
        self.stop_recording()

    def tick(self) -> None:
        """Once a second: count what came, and say it."""
        self._rate, self._told_bytes = self.heard_bytes - self._told_bytes, self.heard_bytes
        meaning, state = self._state()
        self._title.show(self._words(), state, meaning)

    def notice(self) -> str:
        """Return what the guest's silence may mean, or nothing."""
        silent_s = self.app.now_s() - self._since_s
        if self._has_heard or silent_s < SILENCE_S or self._reason:
            return ""
        return f"no output for {quantities.age(silent_s)}: the image may not use ttyS0"

    def is_reading(self) -> bool:
        """Return whether the lines before are shown instead of the screen."""
        return bool(self.history.display)

    def give_keys(self) -> None:
        """Put the focus where this pane's keys go."""
        (self.history if self.is_reading() else self.terminal).focus()

    def read_back(self) -> None:
        """Show the lines before."""
        self.history.open(self.terminal.kept())
        self.terminal.display, self.history.display = False, True
        self.history.focus()
        self.post_message(self.Changed())

    def read_from_boot(self) -> None:
        """Show what came since the last boot."""
        self.read_back()
        if not self.history.go_to_last_boot():
            self.app.say("the boot's first line is not known: this is the oldest")

    def search(self) -> None:
        """Ask for a text to look for in the lines before."""
        if not self.is_reading():
            self.read_back()
        self._find.value = ""
        self._find.display = True
        self._find.focus()

    def type(self, data: bytes) -> None:
        """Send ``data`` after what was typed before."""
        self._typed.put_nowait(data)

    def start_recording(self, path: Path) -> None:
        """Record from now on. Raises OSError."""
        header = cast.Header(
            columns=self.terminal.emulator.columns, rows=self.terminal.emulator.rows,
            title=self.guest,
        )  # fmt: skip
        self.recorder = cast.Recorder(path, header, now_s=self.app.now_s)

    def stop_recording(self) -> None:
        """End the recording, if there is one."""
        if self.recorder:
            self.recorder.close()
            self.recorder = None

    def resize_to(self, columns: int, rows: int) -> None:
        """Make the screen another size and tell the guest, which a serial line cannot."""
        self.terminal.resize_to(columns, rows)
        if self.recorder:
            self.recorder.resize(columns, rows)
        self.type(f"stty cols {columns} rows {rows}\r".encode())

    @work(group="console")
    async def ask(self, asked: Callable[[Line], Awaitable[None]], done: str) -> None:
        """Ask the line for something that is no typing, and say that it was done."""
        try:
            await asked(self.line)
        except ClientError as error:
            self.app.say(error.reason, is_error=True)
        else:
            self.app.say(done)

    @work(group="console")
    async def _listen(self) -> None:
        async with aclosing(self.line.listen()) as heard:
            async for item in heard:
                await self._hear(item)

    async def _hear(self, heard: Heard) -> None:
        match heard:
            case Output():
                await self._show(heard)
            case Booted():
                self._booted_at = heard.at
                self._since_s, self._has_heard = self.app.now_s(), False
                if self.recorder:
                    self.recorder.mark("boot")
            case Lost():
                self._reason = heard.reason
        self.post_message(self.Changed())

    async def _show(self, output: Output) -> None:
        self._reason = ""
        self._has_heard = True
        if self.recorder and output.is_live:
            self.recorder.output(output.data)
        answers = await self.terminal.feed(output.data)
        self.heard_bytes += len(output.data)
        if not output.is_live:
            self._told_bytes += len(output.data)
        if answers and output.is_live and self.line.is_ours:
            self.type(answers)

    @work(group="console")
    async def _send(self) -> None:
        """Send what was typed, in its order, as much as there is at once."""
        while True:
            data = await self._typed.get()
            while not self._typed.empty():
                data += self._typed.get_nowait()
            try:
                await self.line.send(data)
            except ClientError as error:
                self.app.say(self._why_not(error), is_error=True)
            self.post_message(self.Changed())

    def _why_not(self, error: ClientError) -> str:
        if isinstance(error, Refused) and error.status == _TAKEN:
            return f"{self.line.writer or 'another'} has the keyboard: ^] w takes it"
        return f"not typed: {error.reason}"

    def _words(self) -> str:
        gap, dot = "  ", self.app.glyphs.dot
        parts = [f"{self.guest} {self.instance_id[:8]}", "ttyS0"]
        if self._booted_at is not None:
            parts.append(f"booted {quantities.clock(self._booted_at)}")
        if self.is_reading():
            parts.append(f"{self.history.count()} lines kept")
        return f"{gap}{dot}{gap}".join(parts)

    def _state(self) -> tuple[Meaning, str]:
        if self._reason:
            return "failed", self._reason
        instance = self.app.store.find(Instance, self.instance_id)
        if instance is None:
            return "unknown", "gone"
        word, meaning = words.of_instance(instance)
        if meaning != "good":
            return meaning, word
        parts = [f"{self.line.writer} types" if self.line.writer else "live"]
        parts += [f"{quantities.size(self._rate)}/s"] if self._rate else []
        parts += ["rec"] if self.recorder else []
        return "good", f" {self.app.glyphs.dot} ".join(parts)

    @property
    def _find(self) -> Input:
        return self.query_one("#find", Input)

    @on(Terminal.Typed)
    def _keys(self, event: Terminal.Typed) -> None:
        event.stop()
        self.type(event.data)

    @on(Terminal.Wheeled)
    def _wheel(self) -> None:
        self.read_back()
        self.history.action_move(-3)

    @on(History.Asked)
    def _asked(self) -> None:
        self.search()

    @on(History.Closed)
    def _read_on(self) -> None:
        self.history.display, self.terminal.display = False, True
        self.terminal.focus()
        self.post_message(self.Changed())

    @on(Input.Submitted, "#find")
    def _sought(self, event: Input.Submitted) -> None:
        event.stop()
        self._find.display = False
        self.history.focus()
        if event.value:
            found = self.history.search(event.value)
            self.app.say(f"{found} lines have it" if found else f"nothing has {event.value}")
