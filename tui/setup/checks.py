"""What the doctor found, as values: `novabox doctor --json`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tui.glyphs import Meaning

_MEANINGS: Final[dict[str, Meaning]] = {"ok": "good", "warn": "attention", "fail": "failed"}
_WORST_FIRST: Final = ("fail", "warn", "ok")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finding; ``fix`` is what mends it, ``undo`` what takes that back."""

    name: str
    status: str = "ok"
    finding: str = ""
    fix: str = ""
    is_fixable: bool = False
    is_fixed: bool = False
    undo: str = ""

    @property
    def meaning(self) -> Meaning:
        """One of the six meanings."""
        return _MEANINGS.get(self.status, "unknown")

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to do."""
        return self.status == "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All of them, the worst first; whether a cloud can be here, and whether one was."""

    checks: tuple[Check, ...] = ()
    is_ready: bool = False
    has_state: bool = False

    @property
    def fixed(self) -> frozenset[str]:
        """Names of those that a fix mended, which can be taken back."""
        return frozenset(check.name for check in self.checks if check.is_fixed)

    @classmethod
    def read(cls, document: Any) -> Findings:
        """Read the document; a field that an other version has or lacks is no error."""
        known = Check.__dataclass_fields__
        checks = [
            Check(**{key: value for key, value in one.items() if key in known})
            for one in document.get("checks", [])
        ]
        ranked = sorted(checks, key=lambda check: _WORST_FIRST.index(check.status))
        return cls(
            checks=tuple(ranked),
            is_ready=bool(document.get("is_ready")),
            has_state=bool(document.get("has_state")),
        )
