"""What a fetch tells while it works: a live bar on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from tui import quantities
from tui.widgets.spans import clean

_LINE_EVERY_S: Final = 10.0  # in a log; a terminal is drawn ten times a second
_RATE_AFTER_S: Final = 0.5  # a rate over less is a guess

At = Callable[[int], None]


@dataclass(slots=True)
class Teller:
    """Tells on ``stream``; ``every_s`` is the time between two lines where there is no bar."""

    stream: TextIO
    every_s: float = _LINE_EVERY_S
    clock: Callable[[], float] = time.monotonic
    _console: Console = field(init=False)

    def __post_init__(self) -> None:
        self._console = Console(file=self.stream, highlight=False, soft_wrap=True)

    def say(self, text: str, *, style: str = "") -> None:
        """Print a line as it is."""
        self._console.print(Text(clean(text), style=style))

    @contextmanager
    def amount(self, name: str, verb: str, *, total_bytes: int | None) -> Iterator[At]:
        """Show how far something has come; what is inside calls what it is given with the bytes
        that are there now.
        """
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            with self._bar(name, total_bytes) as at:
                yield at
        else:
            pace = _Pace(total_bytes, self.clock)
            yield lambda done_bytes: self._line(name, verb, pace=pace, done_bytes=done_bytes)

    def _line(self, name: str, verb: str, *, pace: _Pace, done_bytes: int) -> None:
        pace.at(done_bytes)
        if pace.since_told_s() >= self.every_s:
            pace.told()
            self.say(f"{name}: {verb} {pace.percent():>4} {pace.text()}".rstrip())

    @contextmanager
    def _bar(self, name: str, total_bytes: int | None) -> Iterator[At]:
        pace = _Pace(total_bytes, self.clock)
        columns = (
            TextColumn("  {task.description}"), BarColumn(bar_width=None),
            TextColumn("{task.fields[text]}"),
        )  # fmt: skip
        with Progress(*columns, console=self._console, transient=True, expand=True) as live:
            task = live.add_task(name, total=total_bytes, text="")
            yield lambda done_bytes: _draw(live, task, pace=pace, done_bytes=done_bytes)


def _draw(live: Progress, task: TaskID, *, pace: _Pace, done_bytes: int) -> None:
    pace.at(done_bytes)
    live.update(task, completed=done_bytes, text=f"{pace.percent():>4} {pace.text()}")


class _Pace:
    """How far, how fast, how long still: from the moment when it began, or went on."""

    def __init__(self, total_bytes: int | None, clock: Callable[[], float]) -> None:
        self._total_bytes = total_bytes
        self._clock = clock
        self._began_s = self._told_s = clock()
        self._began_bytes: int | None = None
        self._done_bytes = 0

    def at(self, done_bytes: int) -> None:
        if self._began_bytes is None or done_bytes < self._began_bytes:
            self._began_bytes, self._began_s = done_bytes, self._clock()
        self._done_bytes = done_bytes

    def since_told_s(self) -> float:
        return self._clock() - self._told_s

    def told(self) -> None:
        self._told_s = self._clock()

    def percent(self) -> str:
        if not self._total_bytes:
            return ""
        return f"{min(100, self._done_bytes * 100 // self._total_bytes)}%"

    def text(self) -> str:
        """Return ``103.0 of 412.0 MiB   35.1 MiB/s     8 s left``, as far as it is known.

        Of one width: a bar beside it does not jump.
        """
        took_s = self._clock() - self._began_s
        rate = (self._done_bytes - (self._began_bytes or 0)) / took_s if took_s else 0.0
        is_guess = took_s < _RATE_AFTER_S or not rate
        speed = "" if is_guess else f"{quantities.size(rate)}/s"
        left = ""
        if self._total_bytes and not is_guess:
            left = f"{_left(max(0, self._total_bytes - self._done_bytes) / rate)} left"
        return f"{self._amount()} {speed:>12} {left:>14}"

    def _amount(self) -> str:
        done = quantities.size(self._done_bytes)
        if not self._total_bytes:
            return done
        total = quantities.size(self._total_bytes)
        number, unit = total.split(" ")
        return f"{done.removesuffix(f' {unit}'):>{len(number)}} of {total}"


def _left(seconds: float) -> str:
    """Return ``8 s``, ``2 m 05 s`` or ``1 h 10 m``."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02} m"
    return f"{minutes} m {rest:02} s" if minutes else f"{rest} s"
