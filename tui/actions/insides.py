"""Looking inside: an object down to its process, its file, its tap and its row."""

from __future__ import annotations

from typing import Final

from tui.actions.action import Action, Target
from tui.client import nouns, verbs

_SEEN_THROUGH: Final = ("instance", "volume", "snapshot", "image", "network")
_KIND_BY_NOUN: Final = {nouns.NOUN_BY_KIND[kind]: kind for kind in _SEEN_THROUGH}


def xrayed(target: Target) -> tuple[str, str]:
    """Return kind and id of what is seen through: of a port, its instance, or its network; of a
    line in a listing, its path.
    """
    noun = target.noun
    if isinstance(noun, nouns.Entry):
        return (noun.kind, noun.key) if noun.kind != "folder" else ("", "")
    if isinstance(noun, nouns.Port):
        return ("instance", noun.instance_id) if noun.instance_id else ("network", noun.network_id)
    return _KIND_BY_NOUN.get(type(noun), "") if noun else "", target.id


ACTIONS: Final = (
    Action(
        id="object.xray", keys="x", label="x-ray",
        views=("instances", "images", "objects", "volumes", "networks"),
        purpose="All that it is made of, down to process, file, tap, lease and row; and whether "
        "they agree.",
        does="app.xray", cli=lambda target: ("novabox", "xray", *xrayed(target)),
        call=lambda target: verbs.insides.xray(*xrayed(target)),
    ),
)  # fmt: skip
