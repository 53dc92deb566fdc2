"""`python -m tests.tui.monkey [--minutes 10] [--seed 7]`: random keys, and a cloud that misbehaves.

Keys of the registry and of every preset, text, pasted bytes, a terminal that shrinks to 20 by 5
and grows again; meanwhile objects come and go, calls fail, hang or are refused, the stream is
cut, tokens run out, and the cloud is reset. The same seed does the same.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui import box1, stage
from tests.tui.console.fake_line import FakeLine
from tests.tui.fake_cloud import FakeCloud
from tui.app import Tui
from tui.console import keys
from tui.registry import REGISTRY

KEYS: Final = [
    *sorted({key for action in REGISTRY if action.id != "app.quit" for key in action.keys.split(",")
             if key}),
    "up", "down", "left", "right", "pageup", "pagedown", "home", "end", "enter", "tab", "shift+tab",
    "y", "ctrl+s", "ctrl+t", "space", "backspace", *[keys.TAKEN] * 8, *["escape"] * 8,
]  # fmt: skip
WORDS: Final = (
    "web-3", "2", "state:error", "!run", "instances", "trace req-x", "日本", "[x]", "",
    "box1 delete",
    "\u05e9\u05dc\u05d5\u05dd", "\U0001f9d1\u200d\U0001f692" * 20, "x" * 200, "!", ":",
    "a:", "\x1b[2J",
)  # fmt: skip
BYTES: Final = bytes(range(256)).decode("latin-1")
SIZES: Final = ((20, 5), (1, 1), (40, 12), (60, 20), (80, 24), (80, 24), (120, 38), (220, 60))


@dataclass(slots=True)
class Deeds:
    """What a run came to."""

    presses: int = 0
    seconds: float = 0.0
    by_kind: Counter[str] = field(default_factory=Counter)


class Monkey:
    """One run: the interface, the cloud it is against, and the dice."""

    def __init__(
        self, app: Tui, pilot: Pilot[None], cloud: FakeCloud, chance: random.Random
    ) -> None:
        self._app, self._pilot, self._cloud, self._chance = app, pilot, cloud, chance
        self.deeds = Deeds()
        self._mischief: list[tuple[int, Callable[[], object]]] = [
            (30, self._change), (4, self._cut), (3, self._expire), (2, self._fail), (2, self._hang),
            (2, self._go), (1, self._reset), (4, self._paste),
        ]  # fmt: skip

    async def go(self, *, presses: int | None = None, seconds: float | None = None) -> None:
        """Type until so many keys are typed, or so long."""
        began_s = time.monotonic()
        while True:
            passed_s = time.monotonic() - began_s
            if (presses and self.deeds.presses >= presses) or (seconds and passed_s >= seconds):
                break
            await self._one()
            assert self._app.is_running, self.deeds
            assert self._app._exception is None, self._app._exception
        self._cloud.is_down = self._cloud.is_failing = False
        self._cloud.delay_s = 0.0
        self.deeds.seconds = time.monotonic() - began_s

    async def stay(self) -> None:
        """What comes of asking to quit, which words typed at a prompt may do."""
        self.deeds.by_kind["quit"] += 1

    async def _one(self) -> None:
        app, chance = self._app, self._chance
        if isinstance(app.focused, Input) and chance.random() < 0.5:
            app.focused.insert_text_at_cursor(chance.choice(WORDS))
        key = chance.choice(KEYS)
        app.post_message(events.Key(key, key if len(key) == 1 else None))
        self.deeds.presses += 1
        await self._pilot.pause(0)
        if self.deeds.presses % 10 == 0:
            weights, deeds = zip(*self._mischief, strict=True)
            deed = chance.choices(deeds, weights)[0]
            self.deeds.by_kind[deed.__name__.strip("_")] += 1
            deed()
        if self.deeds.presses % 40 == 0:
            await self._pilot.resize_terminal(*chance.choice(SIZES))
            self.deeds.by_kind["resize"] += 1
        if self.deeds.presses % 100 == 0:
            self._cloud.is_down = self._cloud.is_failing = False
            self._cloud.delay_s = 0.0
            await self._pilot.pause(0.02)

    def _change(self) -> None:
        chance, number = self._chance, self._chance.randrange(30)
        self._cloud.put("instance", id=f"m{number}", name=chance.choice(WORDS),
                        vm_state=chance.choice(("active", "error", "\x07")))  # fmt: skip
        for kind in ("instance", "volume", "image"):
            known = list(self._cloud.objects.get(kind, ()))
            if known and chance.random() < 0.3:
                self._cloud.remove(kind, chance.choice(known))

    def _cut(self) -> None:
        self._cloud.break_streams()

    def _expire(self) -> None:
        self._cloud.valid_tokens.clear()

    def _fail(self) -> None:
        self._cloud.is_failing = True

    def _hang(self) -> None:
        self._cloud.delay_s = 0.3

    def _go(self) -> None:
        self._cloud.is_down = True
        self._cloud.break_streams()

    def _reset(self) -> None:
        self._cloud.reset()

    def _paste(self) -> None:
        self._app.post_message(events.Paste(BYTES))


def run(*, seed: int, presses: int | None = None, seconds: float | None = None) -> Deeds:
    """Let one loose in the current folder; what it came to."""
    cloud, found = box1.build(), Deeds()

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        nonlocal found
        monkey = Monkey(app, pilot, cloud, random.Random(seed))
        setattr(app, "action_quit", monkey.stay)  # noqa: B010 - of this one only
        found = monkey.deeds
        await monkey.go(presses=presses, seconds=seconds)
        await stage.until(pilot, lambda: not app.has_keys_waiting)

    stage.play(cloud, scene, open_line=lambda _: FakeLine(b"login: "))
    return found


def main(arguments: list[str]) -> int:
    """Run one for some minutes, each with a fresh interface, and say what it did."""
    parser = argparse.ArgumentParser(prog="just monkey")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    given = parser.parse_args(arguments)
    end_s, seed, presses = time.monotonic() + 60 * given.minutes, given.seed, 0
    with tempfile.TemporaryDirectory(prefix="nbx-monkey-") as folder:
        os.chdir(Path(folder))  # a console may be recorded
        while (left_s := end_s - time.monotonic()) > 0:
            print(f"seed {seed} …", end=" ", flush=True)
            deeds = run(seed=seed, seconds=min(60.0, left_s))
            presses += deeds.presses
            print(f"{deeds.presses} keys, {dict(deeds.by_kind)}", flush=True)
            seed += 1
    print(f"{presses} keys in {given.minutes:g} minutes, and it still runs")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
