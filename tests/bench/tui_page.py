"""docs/reference/tui.md: every goal of the interface with its figure, and whether it is met."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Final

from tests.bench.tui_goals import GOALS, Figures, Goal

PAGE: Final = Path(__file__).parents[2] / "docs/reference/tui.md"


def page(figures: Figures) -> str:
    """The page as Markdown; what was not measured is not met."""
    rows = [_row(goal, figures) for goal in GOALS]
    met = sum(row[3] == "met" for row in rows)
    lines = [
        "# The interface, measured", "",
        "Written by `just bench tui`; nothing here is typed by hand. The interface runs in a real",
        "pseudo-terminal, against a simulated cloud in another process on the loopback; times are",
        "from the key's write to the first byte of the answer, CPU is that of all its threads,",
        "memory is PSS. Other goals are asserted by tests, which are run for this.", "",
        f"{_day(figures)}: {os.cpu_count()} cores, {platform.machine()}, load average "
        f"{figures.get('load', 0):.1f} when it began; Python {platform.python_version()}, "
        f"Textual {version('textual')}, Rich {version('rich')}, httpx2 {version('httpx2')}, "
        f"pyte {version('pyte')}.", "",
        f"{met} of {len(rows)} goals are met.", "",
        "| goal | what | target | figure | met | again |", "| --- | --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    lines += [
        "| " + " | ".join((goal.id, *row)) + " |" for goal, row in zip(GOALS, rows, strict=True)
    ]
    notes = [f"- {goal.id}: {goal.note}." for goal in GOALS if goal.note]
    return "\n".join([*lines, "", *notes]) + "\n"


def _row(goal: Goal, figures: Figures) -> tuple[str, str, str, str, str]:
    told, is_met = _figure(goal, figures)
    return goal.what, goal.target, told, "met" if is_met else "**not met**", _again(goal)


def _figure(goal: Goal, figures: Figures) -> tuple[str, bool]:
    parts, is_met = [], True
    if goal.told is not None and goal.is_met is not None:
        try:
            parts.append(goal.told(figures))
            is_met = goal.is_met(figures)
        except KeyError:
            return "not measured", False
    if goal.tests:
        passed, failed, skipped = (
            int(figures.get(f"{goal.id}_{what}", 0)) for what in ("passed", "failed", "skipped")
        )
        if not passed + failed + skipped:
            return "; ".join([*parts, "not measured"]), False
        counts = [f"{passed} tests pass"]
        counts += [f"{failed} fail"] if failed else []
        counts += [f"{skipped} skipped"] if skipped else []
        parts.append(", ".join(counts))
        is_met = is_met and passed > 0 and not failed
    return "; ".join(parts), is_met


def _again(goal: Goal) -> str:
    ways = ["`just bench tui`"] if goal.told else []
    ways += [f"`just test {name}`" for name in goal.tests]
    return ", ".join(ways)


def _day(figures: Figures) -> str:
    day = str(int(figures.get("date", 0)))
    return f"{day[:4]}-{day[4:6]}-{day[6:]}" if len(day) == 8 else "-"
