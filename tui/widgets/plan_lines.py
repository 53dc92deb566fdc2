"""What deleting, attaching or detaching would do, as lines; knows no dialog."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from textual.content import Content

from tui import quantities, themes
from tui.client.nouns.planning import Plan, Touch
from tui.glyphs import Glyphs
from tui.widgets.spans import clean

TOUCHES_MAX: Final = 6  # of all objects together, one of each at least: a dialog is read


def lines(plans: Iterable[Plan], *, glyphs: Glyphs) -> Iterable[Content]:
    """Return what becomes of each object, what is freed, and whether it can be undone."""
    found = list(plans)
    most = max(TOUCHES_MAX // max(len(found), 1), 1)
    for plan in found:
        if plan.refusal:
            text = f"{glyphs.failed} it would be refused: {plan.refusal.message}"
            yield Content.styled(clean(text), themes.COLOUR["failed"])
        yield from (_touch(one, is_first=at == 0) for at, one in enumerate(plan.touches[:most]))
    if more := sum(max(len(plan.touches) - most, 0) for plan in found):
        yield Content(f"    and {more} more")
    done = [plan for plan in found if plan.refusal is None and plan.touches]
    if done:
        yield Content.styled(clean(_end(done)), "$secondary")


def _touch(one: Touch, *, is_first: bool) -> Content:
    indent = "  " if is_first else "    "
    kind = "" if is_first else f"{one.kind.replace('_', ' ')} "
    return Content(clean(f"{indent}{kind}{one.name or one.id[:8]}  {one.what}"))


def _end(plans: list[Plan]) -> str:
    freed = sum(plan.frees_bytes or 0 for plan in plans)
    kept = [plan.is_undoable for plan in plans]
    ends_s = [plan.undo_s for plan in plans if plan.undo_s is not None]
    parts = [f"frees {quantities.size(freed)}"] if freed else []
    if all(kept):
        parts.append(f"undone by z for {quantities.age(min(ends_s))}" if ends_s else "undone by z")
    else:
        parts.append("not all of it can be undone" if any(kept) else "nothing undoes it")
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]
