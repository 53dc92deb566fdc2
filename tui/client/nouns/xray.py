"""What an object is made of, and whether one end reaches another, as novabox's own API says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tui.glyphs import Meaning


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of an object; ``mismatch`` is what does not agree with its row."""

    label: str
    word: str = ""
    meaning: Meaning = "unknown"
    detail: str = ""
    mismatch: str = ""
    kind: str = ""
    id: str = ""
    children: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that a connection has to pass; None: nobody could look."""

    what: str
    is_passed: bool | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """What would open it; ``rule`` is the body that Neutron takes."""

    text: str
    rule: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """The checks in their order, and what would open the first that fails."""

    checks: tuple[Check, ...] = ()
    fix: Fix | None = None
