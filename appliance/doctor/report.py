"""The doctor's findings as lines for a person and as a document for a script."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from appliance.doctor import applied
from appliance.doctor.applied import Applied
from appliance.doctor.check import Check, Status

NAME_COLUMNS: Final = 16
MARKS: Final = {Status.OK: "●", Status.WARN: "▲", Status.FAIL: "✗"}


def line(check: Check) -> str:
    """One line; below it, unless all is well, the line that mends it."""
    text = f"{MARKS[check.status]} {check.name:<{NAME_COLUMNS}} {check.finding}"
    if check.status is Status.OK or not check.fix:
        return text
    back = f"   (back: {applied.words(check.undo)})" if check.apply and check.undo else ""
    return f"{text}\n{'':{NAME_COLUMNS + 3}}{'fix' if check.apply else 'do'}: {check.fix}{back}"


def summary(checks: Sequence[Check]) -> str:
    """The last line: how many of each, and what to do next."""
    count = Counter(check.status for check in checks)
    if count[Status.FAIL]:
        can = any(check.apply for check in checks if check.status is Status.FAIL)
        hint = "`novabox doctor --fix` applies what is marked fix" if can else "mend the red lines"
        return f"\n{count[Status.FAIL]} of {len(checks)} checks failed: {hint}."
    if count[Status.WARN]:
        return (
            f"\nThis machine can be a cloud; {count[Status.WARN]} of {len(checks)} could be better."
        )
    return "\nThis machine can be a cloud."


def document(
    checks: Sequence[Check], done: Sequence[Applied] = (), *, home: Path
) -> dict[str, object]:
    """All findings; whether the cloud can run, and whether it ever did in `home`.

    `undo` is the line that takes a fix back.
    """
    undo_by_name = {one.name: applied.words(one.undo) for one in done}
    return {
        "home": str(home),
        "has_state": (home / "state.db").exists(),
        "is_ready": all(check.status is not Status.FAIL for check in checks),
        "checks": [
            {
                "name": check.name,
                "status": check.status.value,
                "finding": check.finding,
                "fix": check.fix,
                "is_fixable": check.apply is not None,
                "is_fixed": check.name in undo_by_name,
                "undo": undo_by_name.get(check.name, applied.words(check.undo)),
            }
            for check in checks
        ],
    }
