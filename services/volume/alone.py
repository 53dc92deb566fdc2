"""One at a time on one volume's bytes and export, whichever step or sweep it is."""

import contextlib
import threading
from typing import Final

_LOCKS: Final = 64  # two volumes that share one only wait a little longer


class Alone:
    """Locks by volume id, for the threads of the one process that keeps the volumes."""

    def __init__(self) -> None:
        self._locks = tuple(threading.Lock() for _ in range(_LOCKS))

    def on(self, volume_id: str) -> contextlib.AbstractContextManager[bool]:
        """Hold the volume: a snapshot and an export of it never overlap."""
        return self._locks[hash(volume_id) % _LOCKS]
