"""The doctor's findings as lines for a person and as a document for a script."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from appliance.doctor.check import Check, Status

NAME_COLUMNS: Final = 16
MARKS: Final = {Status.OK: "●", Status.WARN: "▲", Status.FAIL: "✗"}


def line(check: Check) -> str:
    """One line; below it, unless all is well, the line that mends it."""
    text = f"{MARKS[check.status]} {check.name:<{NAME_COLUMNS}} {check.finding}"
    if check.status is Status.OK or not check.fix:
        return text
    return f"{text}\n{'':{NAME_COLUMNS + 3}}{'fix' if check.apply else 'do'}: {check.fix}"


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


def document(checks: Sequence[Check]) -> dict[str, object]:
    """All findings, and whether the cloud can run."""
    return {
        "is_ready": all(check.status is not Status.FAIL for check in checks),
        "checks": [
            {
                "name": check.name,
                "status": check.status.value,
                "finding": check.finding,
                "fix": check.fix,
                "is_fixable": check.apply is not None,
            }
            for check in checks
        ],
    }
