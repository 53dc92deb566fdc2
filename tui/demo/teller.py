"""What the demo tells while it works, and what took how long: live lines or plain ones."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from tui import quantities
from tui.glyphs import Glyphs
from tui.widgets.spans import clean


@dataclass(slots=True, kw_only=True)
class Step:
    """One part of the job; ``note`` says what came of it."""

    name: str
    note: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class Teller:
    """Tells on ``stream``; remembers the time of every step."""

    glyphs: Glyphs
    stream: TextIO = field(default_factory=lambda: sys.stdout)
    steps: list[Step] = field(default_factory=list)
    _console: Console = field(init=False)
    _live: Progress | None = field(init=False, default=None)
    _streams: dict[str, TaskID] = field(init=False, default_factory=dict)
    _start_s: float = field(init=False, default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._console = Console(file=self.stream, highlight=False, soft_wrap=True)

    @property
    def total_s(self) -> float:
        """The seconds since the teller began, steps and all between them."""
        return time.monotonic() - self._start_s

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Time what happens inside; a failure is told with the time it took to come."""
        step = Step(name=name)
        start_s = time.monotonic()
        try:
            with self._spinning(name):
                yield step
        except BaseException:
            self._print(self.glyphs.failed, name, time.monotonic() - start_s, style="red")
            raise
        step.seconds = time.monotonic() - start_s
        self.steps.append(step)
        self._print(self.glyphs.good, name, step.seconds, note=step.note, style="green")

    @contextmanager
    def bar(self, label: str, total_bytes: int) -> Iterator[Callable[[int], None]]:
        """Show a bar of bytes; what is inside calls what it is given with the bytes that went."""
        if not self._console.is_terminal:
            yield lambda _: None
            return
        columns = (TextColumn("    {task.description}"), BarColumn(24), DownloadColumn())
        with Progress(*columns, console=self._console, transient=True) as progress:
            task = progress.add_task(label, total=total_bytes)
            yield lambda size_bytes: progress.advance(task, size_bytes)

    def stream_at(self, key: str, label: str, done_bytes: int, total_bytes: int) -> None:
        """Show how far a stream inside the cloud has come, under the step that waits for it."""
        if self._live is None:
            return
        bar = self.glyphs.bar(done_bytes / max(total_bytes, 1), width=24)
        sizes = f"{quantities.size(done_bytes)} of {quantities.size(total_bytes)}"
        text = f"  {label}  {bar}  {sizes}"
        if key in self._streams:
            self._live.update(self._streams[key], description=text)
        else:
            self._streams[key] = self._live.add_task(text, total=None)

    def stream_over(self, key: str) -> None:
        """Take that line away again."""
        task = self._streams.pop(key, None)
        if task is not None and self._live is not None:
            self._live.remove_task(task)

    def say(self, text: str, *, style: str = "") -> None:
        """Print a line as it is."""
        self._console.print(Text(clean(text), style=style))

    @contextmanager
    def _spinning(self, name: str) -> Iterator[None]:
        if not self._console.is_terminal:
            yield
            return
        spinner = SpinnerColumn("line", style="yellow")
        columns = (spinner, TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=self._console, transient=True) as live:
            live.add_task(name, total=None)
            self._live = live
            try:
                yield
            finally:
                self._live = None
                self._streams.clear()

    def _print(
        self, sign: str, name: str, seconds: float, *, note: str = "", style: str = ""
    ) -> None:
        took = quantities.duration(seconds * 1e6)
        line = Text.assemble((sign, style), f" {name:<30} {took:>9}  ", (clean(note), "dim"))
        line.rstrip()
        self._console.print(line)
