"""Notices new leases in dnsmasq's lease files, which it writes the moment it gives one out."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from services.network import dnsmasq
from services.network.dnsmasq import Lease

log = logging.getLogger(__name__)

_EVERY_S: Final = 0.5  # one stat a network


class LeaseWatch:
    """Tells `on_lease` what appears in `directory` after it was made."""

    def __init__(self, directory: Path, *, on_lease: Callable[[Lease], None]) -> None:
        self._directory = directory
        self._on_lease = on_lease
        self._lock = threading.Lock()
        self._stamps: dict[Path, int] = {}
        self._known = self._read()

    def start(self) -> None:
        """Look for ever, in a thread that ends with the process."""
        threading.Thread(target=self._look_forever, name="leases", daemon=True).start()

    def look(self) -> None:
        """Tell what is new since the last look; a renewal is new. May be called by any thread."""
        with self._lock:
            self._tell_new()

    def _tell_new(self) -> None:
        stamps = {path: path.stat().st_mtime_ns for path in self._files()}
        if stamps == self._stamps:
            return
        found = self._read()
        self._stamps = stamps
        for lease in sorted(found - self._known, key=lambda lease: lease.ip):
            self._on_lease(lease)
        self._known = found

    def _look_forever(self) -> None:
        pause = threading.Event()
        while not pause.wait(_EVERY_S):
            try:
                self.look()
            except Exception:  # the thread's outermost frame: a file may go while we look
                log.exception("leases in %s: a look failed", self._directory)

    def _read(self) -> set[Lease]:
        return set(dnsmasq.kept(self._directory))

    def _files(self) -> list[Path]:
        return list(self._directory.glob("*.leases"))
