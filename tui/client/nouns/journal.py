"""What users did, as the cloud's journal has it."""

from __future__ import annotations

from dataclasses import dataclass

from tui.client.nouns.moment import Time


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One entry of the journal: who did what, and whether it can be undone.

    ``client`` is the program by which it was done. ``state`` is done, undone, expired or final;
    ``reason`` says why nothing takes it back.
    ``of_id`` is the entry that an undo or a redo is about.
    """

    id: str
    at: Time = None
    user: str = ""
    user_id: str = ""
    client: str = ""
    action: str = ""
    text: str = ""
    level: int = 0
    kind: str = ""
    object_id: str = ""
    name: str = ""
    request_id: str = ""
    state: str = ""
    undo_until: Time = None
    reason: str = ""
    of_id: str | None = None

    @property
    def key(self) -> str:
        """Its id."""
        return self.id

    @property
    def what(self) -> str:
        """What was done, in words: ``delete volume pgdata``."""
        return f"{self.text or self.action} {self.name or self.object_id}".strip()
