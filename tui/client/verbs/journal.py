"""The calls that look at what was done, undo it and do it again."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from tui.client.call import Call

NEWEST: Final = "newest"  # in the place of an id: one's own last act


def entries(limit: int) -> Call:
    """List what was done, the newest first."""
    return Call(service="novabox", method="GET", path=f"/journal?limit={limit}")


def undo(entry_id: str = NEWEST) -> Call:
    """Take an act back."""
    return Call(service="novabox", method="POST", path=f"/journal/{quote(entry_id)}/undo")


def redo(entry_id: str = NEWEST) -> Call:
    """Do again what was undone."""
    return Call(service="novabox", method="POST", path=f"/journal/{quote(entry_id)}/redo")
