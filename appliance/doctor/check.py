"""One finding of the doctor: what was looked at, how it is, and what mends it."""

import enum
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self


class Status(enum.StrEnum):
    """How bad a finding is; with FAIL the cloud cannot do its main job."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A finding in one line, and the one-line fix; `apply`, if there is one, does just that."""

    name: str
    status: Status
    finding: str
    fix: str = ""
    apply: Callable[[], None] | None = None

    def after_fix(self, before: "Check") -> Self:
        """This finding, made after the fix of an earlier one was applied."""
        done = f"{self.finding} (done: {before.fix})" if self.status is Status.OK else self.finding
        return replace(self, finding=done)

    def with_failed_fix(self, reason: str) -> Self:
        """This finding, with what became of its fix."""
        return replace(self, finding=f"{self.finding}; the fix failed: {reason}", apply=None)


def ok(name: str, finding: str) -> Check:
    """A finding to be glad of."""
    return Check(name=name, status=Status.OK, finding=finding)


def warn(
    name: str, finding: str, *, fix: str = "", apply: Callable[[], None] | None = None
) -> Check:
    """A finding with which the cloud works, but not as well as it could."""
    return Check(name=name, status=Status.WARN, finding=finding, fix=fix, apply=apply)


def fail(name: str, finding: str, *, fix: str, apply: Callable[[], None] | None = None) -> Check:
    """A finding with which the cloud does not work."""
    return Check(name=name, status=Status.FAIL, finding=finding, fix=fix, apply=apply)
