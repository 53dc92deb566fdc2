"""Something to choose in a form."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something to choose in a form: its id for the API, its name for people and the shell."""

    id: str
    name: str
    note: str = ""
