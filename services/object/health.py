"""What a person should do something about in the object store, for the service's row."""

from __future__ import annotations

from storage.objects.auditor import Audit
from storage.objects.store import ObjectStore


class Health:
    """Knows what audits found since the process started; used by the threads that audit."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._missing: list[str] = []  # objects without a good copy
        self._repaired = 0  # those that rotted and are whole again

    def note(self, audit: Audit, *, is_whole: bool = False) -> None:
        """Take it into account; one of the whole store tells again what is missing."""
        known = [] if is_whole else self._missing
        self._missing = list(dict.fromkeys([*known, *audit.missing]))
        self._repaired += len(audit.repaired)

    @property
    def trouble(self) -> str:
        """What is the matter and what to do, the worst first; empty if nothing is.

        Everybody who sees the services reads it: it names no object.
        """
        lost = [folder.path for folder in self._store.files.every_folder if folder.is_lost]
        found = [
            f"device {path} is lost: mount it, or take it out of object.devices, and restart"
            for path in lost
        ]
        if self._missing:
            found.append(f"{_count(len(self._missing))} lost, the log names them: put them again")
        if self._repaired:
            found.append(f"{_count(self._repaired)} rotted and made whole: is a disk failing?")
        return "; ".join(found)


def _count(objects: int) -> str:
    return f"{objects} object{'' if objects == 1 else 's'}"
