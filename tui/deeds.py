"""How long an entry of the journal can still be undone, as a person reads it."""

from __future__ import annotations

from tui import quantities
from tui.client.nouns.journal import Deed


def left(item: Deed, now_s: float) -> str:
    """Return how long it can still be undone, counting down; a dash where it cannot."""
    if not can_undo(item, now_s):
        return "-"
    until_s = quantities.epoch_s(item.undo_until)
    return "yes" if until_s is None else quantities.countdown(until_s - now_s)


def can_undo(item: Deed, now_s: float) -> bool:
    """Return whether it can be undone now."""
    until_s = quantities.epoch_s(item.undo_until)
    return item.state == "done" and (until_s is None or until_s > now_s)
