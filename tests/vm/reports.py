"""How tests went in the machine: lines that the pytest there writes while the one here reads."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import pytest

NAME: Final = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One phase of one test. `text` says why it failed or was skipped, and what it printed."""

    test: str  # its node id
    when: str  # setup, call, teardown
    outcome: str  # passed, failed, skipped
    text: str


def write(path: Path, report: pytest.TestReport) -> None:
    """Add one line."""
    sections = [f"--- {title}\n{content}" for title, content in report.sections]
    text = "" if report.passed else "\n".join([report.longreprtext, *sections])
    phase = Phase(test=report.nodeid, when=report.when, outcome=report.outcome, text=text)
    with path.open("a") as file:
        file.write(json.dumps(asdict(phase)) + "\n")


def read(path: Path) -> dict[str, list[Phase]]:
    """The phases until now by test; a test whose last one is its teardown is over."""
    phases: dict[str, list[Phase]] = {}
    if path.exists():
        whole_lines = path.read_text().split("\n")[:-1]
        for line in whole_lines:
            phase = Phase(**json.loads(line))
            phases.setdefault(phase.test, []).append(phase)
    return phases


def is_over(phases: list[Phase]) -> bool:
    """Whether these are all of a test's phases."""
    return bool(phases) and phases[-1].when == "teardown"


def failure(phases: list[Phase]) -> str:
    """Why the test did not pass; empty if it did. Nothing is skipped there: that is a failure."""
    return "\n".join(
        f"{phase.outcome} in the machine, in its {phase.when}:\n{phase.text}"
        for phase in phases
        if phase.outcome != "passed"
    )
