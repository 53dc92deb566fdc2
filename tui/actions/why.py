"""Asking why something is as it is."""

from __future__ import annotations

from typing import Final

from tui.actions.action import Action, Target
from tui.client import nouns, verbs

_EXPLAINED: Final = (
    "instance",
    "image",
    "volume",
    "snapshot",
    "topic",
    "service",
    "host",
    "project",
)
_KIND_BY_NOUN: Final = {nouns.NOUN_BY_KIND[kind]: kind for kind in _EXPLAINED
                        if kind in nouns.NOUN_BY_KIND}  # fmt: skip


def kind_of(target: Target) -> str:
    """Return the kind under which the cloud explains the target, or an empty text."""
    return _KIND_BY_NOUN.get(type(target.noun), "") if target.noun else ""


ACTIONS: Final = (
    Action(
        id="object.why", keys="w", label="why",
        views=("home", "instances", "images", "volumes", "services", "projects"),
        purpose="Why it is as it is: what went wrong, what it waits for, what would help.",
        does="app.why", cli=lambda target: ("novabox", "explain", kind_of(target), target.id),
        call=lambda target: verbs.planning.explanation(kind_of(target), target.id),
    ),
)  # fmt: skip
