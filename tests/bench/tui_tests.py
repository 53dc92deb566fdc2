"""Goals that tests assert: the tests are run, and counted."""

import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from tests.bench import peers
from tests.bench.tui_goals import GOALS

DEADLINE_S: Final = 1800.0


def measure() -> dict[str, float]:
    """For each goal with tests, how many passed, failed and were skipped: `G-12_passed`, …"""
    names = sorted({name for goal in GOALS for name in goal.tests if _is_there(name)})
    cases = _run(names)
    found: dict[str, float] = {}
    for goal in GOALS:
        counts = Counter(
            outcome for name, outcome in cases for of in goal.tests if name.startswith(_dotted(of))
        )
        for outcome in ("passed", "failed", "skipped") if goal.tests else ():
            found[f"{goal.id}_{outcome}"] = float(counts[outcome])
    return found


def _is_there(name: str) -> bool:
    return (peers.ROOT / name.partition("::")[0]).exists()


def _dotted(name: str) -> str:
    """A test's name as the report writes it: `tests.tui.test_main.test_x`."""
    return name.replace(".py", "").replace("/", ".").replace("::", ".")


def _run(names: list[str]) -> list[tuple[str, str]]:
    """Run them all once; each case and how it ended."""
    print(f"testing {len(names)} files and tests …", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout", "400",
             "--junitxml", str(report), *names],
            cwd=peers.ROOT, env=os.environ | {"COLUMNS": "100"}, timeout=DEADLINE_S, check=False,
            stdout=sys.stderr,
        )  # fmt: skip
        cases = ElementTree.parse(report).iter("testcase")
        return [(f"{case.get('classname')}.{case.get('name')}", _outcome(case)) for case in cases]


def _outcome(case: ElementTree.Element) -> str:
    kinds = {child.tag for child in case}
    if kinds & {"failure", "error"}:
        return "failed"
    return "skipped" if "skipped" in kinds else "passed"
