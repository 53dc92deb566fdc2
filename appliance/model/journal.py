"""An entry of the journal: who did what, when, and whether it can still be undone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from appliance import ids
from appliance.model import acts


class EntryState(StrEnum):
    """Where an act stands."""

    DONE = "done"  # and can be undone, until `undo_until` if that is said
    UNDONE = "undone"  # and can be done again, if there is an inverse
    EXPIRED = "expired"  # it could have been undone: its bytes are gone from the trash
    FINAL = "final"  # it never could be, or is itself an undo or a redo


@dataclass(frozen=True, slots=True, kw_only=True)
class Inverse:
    """What takes an act back: a verb of `services/api/cloud/inverses.py` and its arguments."""

    verb: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of `journal`. `inverse` takes it back, or does it again once it is undone."""

    id: str
    at: str
    user_id: ids.UserId
    user_name: str
    client: str  # the program by which it was done, as it says of itself
    project_id: ids.ProjectId  # whose thing it is
    action: str
    object_id: str
    name: str
    request_id: ids.RequestId
    state: EntryState
    inverse: Inverse | None
    undo_until: str | None
    reason: str  # why it cannot be undone
    of_id: str | None  # the entry that an undo or a redo is about
    changed_at: str

    @property
    def kind(self) -> str:
        """What it is about, as in the event stream."""
        return acts.kind(self.action)

    @property
    def act(self) -> acts.Act:
        """What the registry says of it; of one that an older version wrote, nothing."""
        unknown = acts.Act(level=0, text=self.action, why_final="unknown to this version")
        return acts.ACTS.get(self.action, unknown)
