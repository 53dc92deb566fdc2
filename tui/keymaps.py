"""Which key does which action: presets as data, the user's own file over them, and no clash.

A key map changes keys only: what an action does, and how it is confirmed, stays as declared.
"""

from __future__ import annotations

import difflib
import itertools
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from typing import Any, Final

from tui import places, preferences, registry
from tui.actions.action import Action, Level

PRESETS: Final = ("default", "k9s", "vim", "emacs")
Keymap = Mapping[str, str]
"""Keys by action id, as Textual writes them: ``ctrl+d``, ``S``, ``up,k``."""

_SHARED: Final = ("everywhere", "cursor", "lists")
OWN_LETTERS: Final = ("console", "theatre")
"""Modes whose letters are the guest's or a debugger's, and come before everybody's."""

_NAMES: Final = {
    "colon": ":", "slash": "/", "question_mark": "?", "exclamation_mark": "!", "minus": "-",
    "plus": "+", "left_square_bracket": "[", "right_square_bracket": "]", "at": "@",
}  # fmt: skip


class Unusable(Exception):
    """A key map that cannot be used; the text says which file, which keys, and why."""


def load(environ: Mapping[str, str], *, wanted: str = "") -> Keymap:
    """Return the preset ``wanted`` with the user's ``keys.toml`` over it.

    Raises Unusable for what is no key map, names no action, or gives one key two meanings.
    """
    path = preferences.folder(environ) / "keys.toml"
    try:
        own = tomllib.loads(path.read_text())
    except FileNotFoundError:
        own = {}
    except (OSError, ValueError) as error:
        raise Unusable(f"{path}: {error}") from error
    keys = {**preset(wanted or str(own.get("preset", "default"))), **_keys(own, origin=str(path))}
    found = problems(keys) if keys else []
    if found:
        raise Unusable("; ".join(found[:5]) + (f" (and {len(found) - 5} more)" * (len(found) > 5)))
    return keys


def preset(name: str) -> Keymap:
    """Return a preset. Raises Unusable, naming the nearest, for a name that is none."""
    if name == "default":
        return {}
    if name not in PRESETS:
        raise Unusable(f"no keys {name!r}: {_meant(name, PRESETS)}")
    text = (resources.files("tui") / "presets" / f"{name}.toml").read_text()
    return _keys(tomllib.loads(text), origin=name)


def problems(keymap: Keymap) -> list[str]:
    """Return what is wrong with a key map, in words, one for each; empty when it can be used."""
    weak = [
        f"{action.id} destroys: its key must have ctrl, {key} has not"
        for action in registry.REGISTRY
        if action.level >= Level.ONE_OBJECT
        for key in keys_of(action, keymap)
        if not key.startswith("ctrl+")
    ]
    clashes = dict.fromkeys(
        f"{key} is both {one.id} and {other.id} on {view}"
        for view, actions in by_view()
        for one, other in itertools.combinations(actions, 2)
        for key in sorted({*keys_of(one, keymap)} & {*keys_of(other, keymap)})
    )
    return [*weak, *clashes]


def keys_of(action: Action, keymap: Keymap) -> list[str]:
    """Return the keys of an action, each written in one way only."""
    return [_canonical(key) for key in keymap.get(action.id, action.keys).split(",") if key]


def by_view() -> Iterator[tuple[str, list[Action]]]:
    """Return each screen's name with all actions that a key can mean there."""
    views = dict.fromkeys(view for action in registry.REGISTRY for view in action.views)
    for view in views:
        if view not in _SHARED:
            place = places.BY_NAME.get(view)
            is_list = place is not None and bool(place.kind)
            shared = _SHARED if is_list else () if view in OWN_LETTERS else _SHARED[:1]
            yield view, registry.of_view(view, *shared)


def _keys(document: Mapping[str, Any], *, origin: str) -> dict[str, str]:
    keys = document.get("keys", {})
    if not isinstance(keys, dict):
        raise Unusable(f"{origin}: [keys] must be a table")
    for action_id, key in keys.items():
        if action_id not in registry.BY_ID:
            raise Unusable(f"{origin}: no action {action_id}: {_meant(action_id, registry.BY_ID)}")
        if not isinstance(key, str) or not key.strip():
            raise Unusable(f"{origin}: the key of {action_id} must be a text in quotes")
    return {action_id: ",".join(_split(key)) for action_id, key in keys.items()}


def _split(keys: str) -> list[str]:
    return [key.strip() for key in keys.split(",") if key.strip()]


def _canonical(key: str) -> str:
    key = _NAMES.get(key.strip(), key.strip())
    return key.removeprefix("upper_").upper() if key.startswith("upper_") else key


def _meant(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(list(known)[:12])}"
