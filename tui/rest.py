"""What is asked of the cloud once the keys rest: the last of many counts, and only that one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from textual.message_pump import MessagePump
from textual.timer import Timer

PATIENCE_S: Final = 0.2  # after the last key: a dry run takes some milliseconds, typing more


class Rest:
    """Calls ``then`` when its owner has been left alone for ``PATIENCE_S``."""

    def __init__(self, owner: MessagePump, then: Callable[[], object]) -> None:
        self._owner = owner
        self._then = then
        self._timer: Timer | None = None

    def begin(self) -> None:
        """Wait, from now on."""
        self.stop()
        self._timer = self._owner.set_timer(PATIENCE_S, self._then)

    def stop(self) -> None:
        """Wait no more."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
