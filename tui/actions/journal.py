"""Undo, redo, and the journal of what was done."""

from __future__ import annotations

from typing import Final

from tui.actions.action import Action, Level, Target
from tui.client import nouns, verbs
from tui.client.call import Call


def _is_undone(target: Target) -> bool:
    return isinstance(target.noun, nouns.Deed) and target.noun.state == "undone"


def _turn(target: Target) -> Call:
    verb = verbs.journal.redo if _is_undone(target) else verbs.journal.undo
    return verb(target.id)


ACTIONS: Final = (
    Action(
        id="journal.turn", keys="u", label="undo/redo this", views=("journal",),
        purpose="Undo what the cursor is on; or, if it is undone, do it again.",
        level=Level.REVERSIBLE, call=_turn, takes=(nouns.Deed,),
        suits=lambda deed: deed.state in ("done", "undone"),
        cli=lambda target: ("novabox", "redo" if _is_undone(target) else "undo", target.id),
    ),
    Action(
        id="app.undo", keys="z", label="undo", views=("everywhere",), does="app.undo",
        purpose="Undo what you did last, here or with any other client.", is_shown=False,
        cli=lambda _: ("novabox", "undo"), call=lambda _: verbs.journal.undo(),
    ),
    Action(
        id="app.redo", keys="Z", label="redo", views=("everywhere",), does="app.redo",
        purpose="Do again what you undid last.", is_shown=False,
        cli=lambda _: ("novabox", "redo"), call=lambda _: verbs.journal.redo(),
    ),
)  # fmt: skip
