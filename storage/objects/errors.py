"""What the object store raises.

StoreError
├── StoreBusy             another process has this store open
├── StoreUnusable         the directory, ring or file system cannot carry a store
├── StoreFull             no space left; nothing of the refused write stays behind
├── NotFound
│   ├── ContainerNotFound
│   ├── ObjectNotFound
│   └── ObjectDamaged     listed, but its bytes are gone or no longer match their checksum
├── ContainerDamaged      its database is lost or corrupt; the auditor rebuilds it
├── ObjectSealed          encrypted with a key that is not here
├── NotReplaced           whoever writes is not ready for what is there to go
├── AlreadyThere          what comes back from the trash finds its name taken
├── ContainerNotEmpty
└── AccountNotEmpty
"""

from __future__ import annotations

import errno
import sqlite3
from types import TracebackType
from typing import Final

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class StoreError(Exception):
    """The store could not do what was asked; nothing half-done is visible."""


class StoreBusy(StoreError):
    """Another process has the store open."""


class StoreUnusable(StoreError):
    """The directory, its ring or its file system cannot carry a store."""


class StoreFull(StoreError):
    """The disk or the quota is full; what was being written is gone."""


class NotFound(StoreError):
    """What was named is not there."""


class ContainerNotFound(NotFound):
    """No such container in the account."""


class ObjectNotFound(NotFound):
    """No such object in the container, or it has expired."""


class ObjectDamaged(NotFound):
    """The object is listed, but its bytes are gone or in quarantine: upload it again."""


class ContainerDamaged(StoreError):
    """The container's database is lost or corrupt; a round of the auditor rebuilds it."""


class ObjectSealed(StoreError):
    """The object is encrypted with a key that whoever asks did not bring."""


class NotReplaced(StoreError):
    """What is there is not to be replaced; what was to come in its place can be committed again."""


class AlreadyThere(StoreError):
    """What was to come back from the trash finds its place taken."""


class ContainerNotEmpty(StoreError):
    """The container still holds objects."""


class AccountNotEmpty(StoreError):
    """The account still holds containers."""


_BY_SQLITE_CODE: Final = {
    sqlite3.SQLITE_FULL: StoreFull,
    sqlite3.SQLITE_CORRUPT: ContainerDamaged,
    sqlite3.SQLITE_NOTADB: ContainerDamaged,
}


class translated:  # noqa: N801 - it reads as what it does
    """Raise what the disk and the database say as ours, with `what` (noun, name, step) in front.

    `{}` in it stand for the names, and are filled in only if anything is said: a request enters ten
    such blocks.
    """

    __slots__ = ("_names", "_what")

    def __init__(self, what: str, *names: object) -> None:
        self._what = what
        self._names = names

    def __enter__(self) -> None:
        """Nothing is known yet."""

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        """Raise it as ours, if it was the disk's or the database's."""
        if not isinstance(error, OSError | sqlite3.Error):
            return
        what = self._what.format(*self._names) if self._names else self._what
        if isinstance(error, OSError):
            kind = StoreFull if error.errno in _FULL else StoreError
            raise kind(f"{what}: {error.strerror or error}") from error
        kind = _BY_SQLITE_CODE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, StoreError)
        raise kind(f"{what}: {error}") from error
