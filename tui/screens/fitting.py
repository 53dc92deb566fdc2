"""What every screen of ours is beside Textual's: laid out for the terminal as it is now."""

from __future__ import annotations

from textual import events
from textual.screen import ModalScreen, Screen, ScreenResultType


class Fitting(Screen[ScreenResultType]):
    """A screen that leaves out sizes which are no more the terminal's.

    Textual 8.2 lays a screen out for each size it hears of, and then tells it of that size once
    more: with two of them under way it went from one to the other and back, for ever.
    """

    async def _on_resize(self, event: events.Resize) -> None:
        if event.size != self.app.size:
            event.prevent_default()


class Dialog(ModalScreen[ScreenResultType], Fitting[ScreenResultType]):
    """One in front of another, which shows through."""
