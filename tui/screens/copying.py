"""``Y``: the object under the cursor as a shell line, an API call, JSON, its id or its name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from typing import Any, ClassVar

from tui.actions import action
from tui.actions.action import Target
from tui.screens.finder import Finder, Offer


class Copying(Finder):
    """What can be copied of ``target``; ``show`` is the shell line for it, but for its id."""

    TITLE_TEXT: ClassVar[str] = "Copy as"

    def __init__(self, target: Target, *, show: Sequence[str], call: str) -> None:
        super().__init__()
        self._forms = forms(target, show=show, call=call)

    def offers(self, text: str) -> Sequence[Offer]:
        """Return the forms whose name has ``text`` in it."""
        return [
            Offer(name=name, note=told.replace("\n", " "), does=f"app.copy({told!r})")
            for name, told in self._forms.items()
            if text.strip().lower() in name.lower()
        ]


def forms(target: Target, *, show: Sequence[str], call: str) -> dict[str, str]:
    """Return each form's name with the text that is copied."""
    return {
        "id": target.id,
        "name": target.name,
        "shell line": action.quote((*show, target.id)),
        "API call": f"{call.split('?')[0]}/{target.id}" if call else "",
        "JSON": as_json(target.noun),
    }


def as_json(noun: Any) -> str:
    """Return a noun as JSON, as readable as it gets."""
    known = asdict(noun) if is_dataclass(noun) and not isinstance(noun, type) else str(noun)
    return json.dumps(known, indent=2, ensure_ascii=False, default=str)
