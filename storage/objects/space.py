"""How much room is left on a disk, and how much of it writes may take.

Below the reserve the store refuses new bytes early, so that what it must still write (rows,
deletions, a copy of what rots) finds room. It refuses to know what is written.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from storage.objects.errors import StoreFull

MIB: Final = 1 << 20


class Space:
    """Keeps a reserve free on every disk it is asked about."""

    def __init__(self, reserve_bytes: int) -> None:
        self._reserve_bytes = reserve_bytes

    def check(self, folder: Path, size_bytes: int) -> None:
        """Raise StoreFull if so many bytes more would leave less than the reserve. OSError."""
        if not self._reserve_bytes:
            return
        found = os.statvfs(folder)
        free_bytes = found.f_bavail * found.f_frsize
        if free_bytes - size_bytes < self._reserve_bytes:
            raise StoreFull(
                f"{folder} has {free_bytes // MIB} MiB left, of which {self._reserve_bytes // MIB} "
                "are kept in reserve: delete something, or add a device"
            )
