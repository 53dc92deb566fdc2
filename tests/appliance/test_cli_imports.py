"""Shell verbs stay light: none of them imports what draws screens (G-05)."""

from __future__ import annotations

import subprocess
import sys

import pytest

VERBS = [
    ["--help"], ["status", "--help"], ["trace", "--help"], ["queue", "--help"],
    ["service", "--help"], ["logs", "--help"], ["env", "--help"], ["doctor", "--help"],
]  # fmt: skip
PROGRAMS = ["tui.tell", "tui.catalog", "tui.demo", "tui.console", "tui.serve"]
LOOK = (
    "import sys, runpy\n"
    "sys.argv = ['x', *{arguments!r}]\n"
    "try: {run}\n"
    "except SystemExit: pass\n"
    "print('LOADED', *sorted(m for m in ('textual', 'rich') if m in sys.modules))"
)


def loaded(run: str, arguments: list[str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", LOOK.format(run=run, arguments=arguments)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("arguments", VERBS, ids=lambda arguments: arguments[0])
def test_no_verb_of_the_command_imports_textual_or_rich(arguments: list[str]) -> None:
    assert loaded("from appliance.cli.main import main; main()", arguments) == "LOADED"


@pytest.mark.parametrize("module", PROGRAMS)
def test_no_program_behind_a_verb_imports_what_draws_screens(module: str) -> None:
    """Rich comes with httpx2, which has a command line of its own, where a verb asks over HTTP."""
    run = f"runpy.run_module({module!r}, run_name='__main__', alter_sys=False)"
    assert "textual" not in loaded(run, ["--help"])
