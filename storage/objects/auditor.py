"""Looks after a store: reads everything, mends what rotted, re-places, removes what is over.

Runs beside requests, in any thread, as fast as a `Pace` lets it; each function runs one round and
returns what it did (OpenStack Swift's auditor, replicator, expirer and updater in one).
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from storage.objects import copies, object_file, salvage, sums
from storage.objects.container import Container
from storage.objects.errors import (
    ContainerDamaged,
    NotFound,
    ObjectNotFound,
    StoreError,
    translated,
)
from storage.objects.object_file import ObjectName, ObjectRecord
from storage.objects.object_rows import Stored
from storage.objects.pace import Pace
from storage.objects.store import ObjectStore

# Is told of an object that has expired, and lets go of it if it still is that version.
Expired = Callable[[ObjectStore, ObjectName, ObjectRecord], None]

PAGE: Final = 1000  # rows held in memory at a time

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Audit:
    """What one round found and did."""

    objects: int = 0
    size_bytes: int = 0
    expired: int = 0
    quarantined: list[str] = field(default_factory=list)  # files moved out of the store's sight
    missing: list[str] = field(default_factory=list)  # objects whose bytes are gone
    rebuilt: list[str] = field(default_factory=list)  # containers whose database was damaged
    repaired: list[str] = field(default_factory=list)  # objects that rotted and are whole again
    failed: list[str] = field(default_factory=list)  # objects that could not be looked after
    placed: int = 0  # copies written where one was lacking
    displaced: int = 0  # copies removed from where none belongs
    orphans: int = 0  # data files that no row pointed at
    strays: int = 0  # container files that no account pointed at


def forget(store: ObjectStore, name: ObjectName, record: ObjectRecord) -> None:
    """Delete an object if it still is the version that expired."""
    with contextlib.suppress(ObjectNotFound):
        store.delete_object(name, written=record.written)


def once(store: ObjectStore, pace: Pace | None = None, *, expired: Expired = forget) -> Audit:
    """Read every byte of the store once, checking and mending it, and tidy up. Raises Stopped.

    `expired` is what is done with each object whose X-Delete-At has passed.
    """
    audit, unsettled = Audit(expired=expire(store, expired)), store.unsettled
    _walk(store, audit, pace=pace or Pace(), is_read=True)
    _tidy(store, audit)
    if not audit.failed:
        store.settle(since=unsettled)
    return audit


def settle(store: ObjectStore, pace: Pace | None = None) -> Audit:
    """Bring every object to the devices where it belongs, reading only what is moved.

    Raises Stopped; what was moved until then stays moved.
    """
    audit, unsettled = Audit(), store.unsettled
    if not store.is_settled:
        _walk(store, audit, pace=pace or Pace(), is_read=False)
        if not audit.failed:
            store.settle(since=unsettled)
        counts = {
            "placed": audit.placed,
            "missing": len(audit.missing),
            "failed": len(audit.failed),
        }
        store.tell("objects placed", **{name: str(count) for name, count in counts.items()})
    return audit


def mend(store: ObjectStore) -> Audit:
    """Check the objects of which a reader met a rotten copy."""
    audit = Audit()
    for name in store.take_suspects():
        with (
            contextlib.suppress(NotFound),
            store.catalog.borrow(name.account, name.container) as opened,
        ):
            stored = opened.read(name.name)
            is_inline = stored.data is not None
            _check_object(
                store, name, stored.record, opened=opened, audit=audit, pace=Pace(),
                is_inline=is_inline, is_read=True,
            )  # fmt: skip
    return audit


def tidy(store: ObjectStore) -> Audit:
    """Remove what a killed process left, without reading any object: for the start."""
    audit = Audit()
    _tidy(store, audit)
    return audit


def expire(store: ObjectStore, expired: Expired = forget) -> int:
    """Let go of the objects whose X-Delete-At has passed, by `expired`; return how many."""
    count = 0
    for account, container in store.catalog.accounts.containers():
        with contextlib.suppress(NotFound, ContainerDamaged):
            count += _expire_container(store, account, container, expired)
    return count


def rebuild(store: ObjectStore, account: str, *, container: str, why: object) -> None:
    """Make a damaged container again of what can be read of it, and of its objects' files.

    A small object whose bytes cannot be read is lost; so is metadata set after an upload whose row
    cannot be read. The damaged file stays beside the new one for a person.
    """
    log.error("container %s/%s: %s: building it again", account, container, why)
    with store.catalog.frozen(account, container):
        path = store.catalog.file(account, container)
        saved = salvage.read(path) if path is not None else salvage.Salvaged()
        newest = {name: each for name, each in saved.stored.items() if each.data is not None}
        for path in store.files.walk():
            with contextlib.suppress(OSError, ValueError):
                name, record = object_file.description(path)
                if (name.account, name.container) != (account, container):
                    continue
                if (record.name, record.written) in saved.trashed:
                    continue  # it was deleted: it does not come back by an accident
                rival = newest.get(record.name)
                if rival is None or rival.record.written < record.written:
                    known = saved.stored.get(record.name)
                    is_known = known is not None and known.record.written == record.written
                    newest[record.name] = known if known and is_known else Stored(record)
        store.catalog.restore(account, container, records=newest.values(), metadata=saved.metadata)
    store.tell("container rebuilt", container=f"{account}/{container}", objects=str(len(newest)))


def _expire_container(store: ObjectStore, account: str, container: str, expired: Expired) -> int:
    count = 0
    with store.catalog.borrow(account, container) as opened:
        while names := opened.expired(time.time(), limit=PAGE):
            objects = (ObjectName(account, container, name) for name in names)
            done = sum(_expire(opened, store, name, expired) for name in objects)
            if not done:  # none of them may go: there is no use in asking again now
                break
            count += done
    return count


def _expire(opened: Container, store: ObjectStore, name: ObjectName, expired: Expired) -> bool:
    """Whether an object that has expired is gone now."""
    record = opened.find(name.name)
    if record is None or not record.has_expired:
        return False
    expired(store, name, record)
    after = opened.find(name.name)
    return after is None or after.written != record.written


def _walk(store: ObjectStore, audit: Audit, *, pace: Pace, is_read: bool) -> None:
    for account, container in store.catalog.accounts.containers():
        with contextlib.suppress(NotFound):
            try:
                _check_container(store, audit, account, container, pace=pace, is_read=is_read)
            except ContainerDamaged as error:
                if not is_read:
                    continue
                rebuild(store, account, container=container, why=error)
                audit.rebuilt.append(f"{account}/{container}")
                _check_container(store, audit, account, container, pace=pace, is_read=is_read)


def _check_container(
    store: ObjectStore, audit: Audit, account: str, container: str, *, pace: Pace, is_read: bool
) -> None:
    with store.catalog.borrow(account, container) as opened:
        if is_read:
            opened.check()
        for record, is_inline in _records(opened):
            _check_object(
                store, ObjectName(account, container, record.name), record, opened=opened,
                audit=audit, pace=pace, is_inline=is_inline, is_read=is_read,
            )  # fmt: skip


def _records(opened: Container) -> Iterator[tuple[ObjectRecord, bool]]:
    after = ""
    while page := opened.records(after, limit=PAGE):
        yield from page
        after = page[-1][0].name


def _check_object(
    store: ObjectStore,
    name: ObjectName,
    record: ObjectRecord,
    *,
    opened: Container,
    audit: Audit,
    pace: Pace,
    is_inline: bool,
    is_read: bool,
) -> None:
    """Compare an object with its row; bytes that disagree leave the store's sight."""
    audit.objects += 1
    audit.size_bytes += record.size_bytes
    if is_inline:
        if is_read:
            _check_inline(store, name, opened=opened, audit=audit)
            pace.spend(record.size_bytes)
        return
    try:
        with translated(f"object {name}: its copies"):
            found = copies.check(store, name, record, pace=pace, is_read=is_read)
    except StoreError as error:  # the others are to be looked after all the same
        log.error("%s", error)  # noqa: TRY400 - the sentence is the store's
        audit.failed.append(str(name))
        return
    audit.quarantined += found.quarantined
    audit.placed += found.made
    audit.displaced += found.removed
    if found.is_missing:
        log.error("object %s: no copy of it is left", name)
        store.tell("object lost", object=str(name))
        audit.missing.append(str(name))
    elif found.quarantined:
        store.tell("repaired", object=str(name))
        audit.repaired.append(str(name))


def _check_inline(store: ObjectStore, name: ObjectName, *, opened: Container, audit: Audit) -> None:
    try:
        stored = opened.read(name.name)
    except ObjectNotFound:
        return
    record, data = stored.record, stored.data
    if data is None or sums.whole(data) == record.xxh3:
        return
    target = store.files.keep_rotten(name, record.written, data)
    opened.drop_body(record.written)
    log.error("object %s: bytes differ from their checksum: moved to %s", name, target)
    store.tell("quarantined", object=str(name), path=str(target))
    audit.quarantined.append(str(target))
    audit.missing.append(str(name))


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
            if not copies.is_current(store, name, record.written):
                path.unlink()
                audit.orphans += 1


def _quarantine(store: ObjectStore, path: Path, *, audit: Audit, why: str) -> None:
    target = store.files.quarantine(path)
    log.error("%s: moved to %s", why, target)
    audit.quarantined.append(str(target))
