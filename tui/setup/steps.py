"""The parts of setting up, and how far each is: read off the lines that the commands print."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

State = Literal["waits", "runs", "done", "failed"]

# `● object     up after  1.5 s` of `up`; `● build ami-tiny                   4.2 s  note` of `demo`
_UP: Final = re.compile(r"● (?P<name>\S+) +up after +(?P<seconds>[0-9.]+) s")
_DONE: Final = re.compile(
    r"(?P<sign>[●✗]) (?P<name>.{30}) +(?P<took>[0-9.]+ (?:us|ms|s)|\d+ m \d\d s)(?:  (?P<note>.*))?"
)
# a hop of the launch, or what the guest says while it boots: `    3.68 s  guest: addr eth0=…`
_MEANWHILE: Final = re.compile(r" +[0-9.]+ (?:us|ms|s)  (?P<what>\S.*?) *(?: {3}|$)")
_UPLOADS: Final = 4  # ami-tiny's: kernel, ramdisk, disk, and the whole disk


@dataclass(slots=True, kw_only=True)
class Step:
    """One part: the word for it, what of the commands' steps are in it, how many there are."""

    name: str
    of: tuple[str, ...]
    wanted: int = 1
    done: int = 0
    note: str = ""
    state: State = "waits"
    started_s: float = 0.0
    took_s: float = 0.0


def of_up() -> list[Step]:
    """Return the parts of `novabox up --detach`."""
    return [
        Step(name="state and database", of=("prepared",)),
        Step(name="services", of=("up",), wanted=7),
    ]


def of_demo() -> list[Step]:
    """Return the parts of `novabox demo`."""
    return [
        Step(name="first image, built", of=("build ami-tiny",)),
        Step(name="first image, uploaded", of=("image ",), wanted=_UPLOADS),
        Step(name="key and open doors", of=("key pair", "security group"), wanted=2),
        Step(name="first instance", of=("request to ACTIVE",)),
        Step(name="its login", of=("boot to ssh login",)),
    ]


@dataclass(slots=True, kw_only=True)
class Progress:
    """All parts in order; the first that is not done is the one that runs."""

    steps: Sequence[Step]

    def begin(self, now_s: float) -> None:
        """Start the clock of the part that is next."""
        running = next((step for step in self.steps if step.state != "done"), None)
        if running is not None and running.state in ("waits", "failed"):
            running.note = ""
            running.state, running.started_s = "runs", now_s

    def take(self, line: str, now_s: float) -> None:
        """Read one line of output."""
        if found := _UP.match(line):
            self._count("prepared", "", now_s)
            self._count("up", found["name"], now_s)
        elif found := _DONE.match(line):
            name, note = found["name"].strip(), (found["note"] or "").strip()
            if found["sign"] == "●":
                self._count(name, note, now_s)
        elif found := _MEANWHILE.match(line):
            for step in self.steps:
                if step.state == "runs":
                    step.note = found["what"]
        self.begin(now_s)

    def finish(self, now_s: float) -> None:
        """The command went well: what it did not do was not needed."""
        for step in self.steps:
            if step.state != "done":
                step.note = step.note or "was there"
                self._end(step, now_s)

    def fail(self) -> None:
        """The command failed in the part that ran."""
        for step in self.steps:
            if step.state == "runs":
                step.state, step.note = "failed", "failed"

    def _count(self, name: str, note: str, now_s: float) -> None:
        for place, step in enumerate(self.steps):
            if step.state != "done" and any(name.startswith(one) for one in step.of):
                for before in self.steps[:place]:
                    self._end(before, now_s)
                self.begin(now_s)
                step.done = min(step.done + 1, step.wanted)
                step.note = note
                if step.done == step.wanted:
                    self._end(step, now_s)
                return

    @staticmethod
    def _end(step: Step, now_s: float) -> None:
        if step.state != "done":
            step.took_s = now_s - step.started_s if step.started_s else 0.0
            step.state, step.done = "done", step.wanted
