"""One finding of the doctor: what was looked at, how it is, and what mends it."""

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self

from appliance import command, errors


class Status(enum.StrEnum):
    """How bad a finding is; with FAIL the cloud cannot do its main job."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A finding in one line, and the one-line fix; `apply`, if there is one, does just that.

    `undo` are the commands that take it back, as argument lists; none when that cannot be.
    """

    name: str
    status: Status
    finding: str
    fix: str = ""
    apply: Callable[[], None] | None = None
    undo: tuple[tuple[str, ...], ...] = ()

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
    name: str,
    finding: str,
    *,
    fix: str = "",
    apply: Callable[[], None] | None = None,
    undo: tuple[tuple[str, ...], ...] = (),
) -> Check:
    """A finding with which the cloud works, but not as well as it could."""
    return Check(name=name, status=Status.WARN, finding=finding, fix=fix, apply=apply, undo=undo)


def fail(
    name: str,
    finding: str,
    *,
    fix: str,
    apply: Callable[[], None] | None = None,
    undo: tuple[tuple[str, ...], ...] = (),
) -> Check:
    """A finding with which the cloud does not work."""
    return Check(name=name, status=Status.FAIL, finding=finding, fix=fix, apply=apply, undo=undo)


def commands(*argvs: Sequence[str], timeout_s: float = command.TIMEOUT_S) -> Callable[[], None]:
    """A fix that is just these commands, one after the other. Raises HostError."""

    def apply() -> None:
        for argv in argvs:
            command.run(argv, failing_as=errors.HostError, timeout_s=timeout_s)

    return apply
