"""Looks after a store: removes what nothing points at and what has expired, quarantines rot.

Runs beside requests, in any thread; `once`, `tidy` and `expire` run one round and return what they
did (OpenStack Swift's auditor, expirer and updater in one).
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from storage.objects import listing, object_file
from storage.objects.container import Container
from storage.objects.errors import ContainerDamaged, NotFound, ObjectNotFound
from storage.objects.object_file import ObjectName, ObjectRecord
from storage.objects.store import ObjectStore

PAGE: Final = 1000  # rows held in memory at a time

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Audit:
    """What one round found and did."""

    objects: int = 0
    size_bytes: int = 0
    expired: int = 0
    quarantined: list[str] = field(default_factory=list)  # files moved out of the store's sight
    missing: list[str] = field(default_factory=list)  # objects whose data file is gone
    rebuilt: list[str] = field(default_factory=list)  # containers whose database was damaged
    orphans: int = 0  # data files that no row pointed at
    strays: int = 0  # container files that no account pointed at


def once(store: ObjectStore) -> Audit:
    """Read every byte of the store once, checking it, and tidy up."""
    audit = Audit(expired=expire(store))
    for account, container in store.catalog.accounts.containers():
        with contextlib.suppress(NotFound):
            try:
                _check_container(store, account, container=container, audit=audit)
            except ContainerDamaged as error:
                rebuild(store, account, container=container, why=error)
                audit.rebuilt.append(f"{account}/{container}")
                _check_container(store, account, container=container, audit=audit)
    _tidy(store, audit)
    return audit


def tidy(store: ObjectStore) -> Audit:
    """Remove what a killed process left, without reading any object: for the start."""
    audit = Audit()
    _tidy(store, audit)
    return audit


def expire(store: ObjectStore) -> int:
    """Delete the objects whose X-Delete-At has passed; return how many."""
    count = 0
    for account, container in store.catalog.accounts.containers():
        with contextlib.suppress(NotFound, ContainerDamaged):
            count += _expire_container(store, account, container)
    return count


def rebuild(store: ObjectStore, account: str, *, container: str, why: object) -> None:
    """Make a damaged container again from what its objects' files say of themselves.

    Metadata set after the upload, and the container's own, is lost with the damaged file, which
    stays beside the new one for a person.
    """
    log.error("container %s/%s: %s: building it again from its objects", account, container, why)
    newest: dict[str, ObjectRecord] = {}
    with store.catalog.frozen(account, container):
        for path in store.files.walk():
            with contextlib.suppress(OSError, ValueError):
                name, record = object_file.description(path)
                if (name.account, name.container) != (account, container):
                    continue
                rival = newest.setdefault(record.name, record)
                newest[record.name] = max(rival, record, key=lambda version: version.written)
        store.catalog.restore(account, container, records=newest.values())


def _expire_container(store: ObjectStore, account: str, container: str) -> int:
    count = 0
    with store.catalog.borrow(account, container) as opened:
        while names := opened.expired(time.time(), limit=PAGE):
            count += sum(_expire(store, ObjectName(account, container, name)) for name in names)
    return count


def _expire(store: ObjectStore, name: ObjectName) -> bool:
    """Delete an object if it still is the version that expired."""
    with store.catalog.borrow(name.account, name.container) as opened:
        record = opened.find(name.name)
    if record is None or record.delete_at is None or record.delete_at > time.time():
        return False
    with contextlib.suppress(ObjectNotFound):
        store.delete_object(name, written=record.written)
    return True


def _check_container(store: ObjectStore, account: str, *, container: str, audit: Audit) -> None:
    with store.catalog.borrow(account, container) as opened:
        opened.check()
        for record in _records(opened):
            _check_object(store, ObjectName(account, container, record.name), record, audit=audit)


def _records(opened: Container) -> Iterator[ObjectRecord]:
    marker = ""
    while page := opened.page(listing.Query(marker=marker, limit=PAGE)):
        for listed in page:
            if record := opened.find(listed.name):
                yield record
        marker = page[-1].name


def _check_object(
    store: ObjectStore, name: ObjectName, record: ObjectRecord, *, audit: Audit
) -> None:
    """Compare a data file with its row; a file that disagrees leaves the store's sight."""
    path = store.files.path(name, record.written)
    audit.objects += 1
    audit.size_bytes += record.size_bytes
    try:
        if object_file.checksum(path) == record.xxh3:
            return
    except FileNotFoundError:
        if _is_current(store, name, record.written):
            log.error("object %s: its data file %s is missing", name, path)  # noqa: TRY400
            audit.missing.append(str(name))
        return
    _quarantine(store, path, audit=audit, why=f"object {name}: bytes differ from their checksum")


def _tidy(store: ObjectStore, audit: Audit) -> None:
    _remove_orphans(store, audit)
    audit.strays = store.catalog.remove_strays()


def _remove_orphans(store: ObjectStore, audit: Audit) -> None:
    for path in store.files.walk():
        # Asked before the row is read: a file whose naming ended by then has its row, or is gone.
        if store.is_publishing(path):
            continue
        with contextlib.suppress(FileNotFoundError, ContainerDamaged):
            try:
                name, record = object_file.description(path)
            except ValueError as error:
                _quarantine(store, path, audit=audit, why=str(error))
                continue
            if not _is_current(store, name, record.written):
                path.unlink()
                audit.orphans += 1


def _is_current(store: ObjectStore, name: ObjectName, written: int) -> bool:
    """Return whether a row points at this version of the object."""
    with (
        contextlib.suppress(NotFound),
        store.catalog.borrow(name.account, name.container) as opened,
    ):
        return opened.get(name.name).written == written
    return False


def _quarantine(store: ObjectStore, path: Path, *, audit: Audit, why: str) -> None:
    target = store.files.quarantine(path)
    log.error("%s: moved to %s", why, target)
    audit.quarantined.append(str(target))
