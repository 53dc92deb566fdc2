"""The copies of one object: read, compared, taken out of sight when rotten, made again.

It refuses to know in which order objects are looked at.
"""

from __future__ import annotations

import contextlib
import logging
import os
from dataclasses import dataclass, field
from pathlib import Path

from storage import blobs
from storage.objects import object_file, sums
from storage.objects.errors import NotFound
from storage.objects.object_file import ObjectName, ObjectRecord
from storage.objects.pace import Pace
from storage.objects.store import ObjectStore

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Found:
    """What became of one object's copies."""

    quarantined: list[str] = field(default_factory=list)  # where rotten ones are kept now
    made: int = 0  # copies that were written anew
    removed: int = 0  # copies that were where none belongs
    is_missing: bool = False  # whether there is none left


def check(
    store: ObjectStore, name: ObjectName, record: ObjectRecord, *, pace: Pace, is_read: bool
) -> Found:
    """Let every copy be good and where it belongs; without `is_read` only look where they are.

    Killed in between, a copy too many or too few is left, and the next round finds it.
    """
    found = Found()
    good: list[Path] = []
    for path in store.files.copies(name, record.written):
        if _is_good(path, record, pace=pace, is_read=is_read):
            good.append(path)
        else:
            _quarantine(store, path, name=name, found=found)
    lacking = [home for home in store.files.homes(name, record.written) if home not in good]
    for home in lacking:
        if _make(store, good, home, name=name, record=record, pace=pace, found=found):
            found.made += 1
            good.append(home)
    if not good:
        found.is_missing = is_current(store, name, record.written)
    elif set(store.files.homes(name, record.written)) <= set(good):
        found.removed = _remove_strays(store, good, name, record.written)
    return found


def is_current(store: ObjectStore, name: ObjectName, written: int) -> bool:
    """Return whether a row points at this version of the object, be it in the trash."""
    with (
        contextlib.suppress(NotFound),
        store.catalog.borrow(name.account, name.container) as opened,
    ):
        if opened.get(name.name).written == written:
            return True
    return store.catalog.is_kept(name.account, name.container, name=name.name, written=written)


def _is_good(path: Path, record: ObjectRecord, *, pace: Pace, is_read: bool) -> bool:
    """Return whether a copy is what was written; one that went away meanwhile is not a bad one."""
    try:
        with path.open("rb", buffering=0) as file:
            if os.fstat(file.fileno()).st_size != record.size_bytes:
                return False
            return not is_read or sums.of_file(file, take=pace.spend)[0] == record.xxh3
    except FileNotFoundError:
        return True
    except OSError as error:
        log.error("%s: %s", path, error.strerror)  # noqa: TRY400
        return False


def _make(
    store: ObjectStore,
    good: list[Path],
    home: Path,
    *,
    name: ObjectName,
    record: ObjectRecord,
    pace: Pace,
    found: Found,
) -> bool:
    """Write a copy from one that is good; one that turns out not to be is quarantined."""
    while good:
        with blobs.Draft(home.parent.parent, is_summed=False) as draft:
            if _copy(good[0], draft, record, pace=pace):
                blobs.make_directory(home.parent)
                with contextlib.suppress(FileExistsError):
                    draft.publish(home)
                if not is_current(store, name, record.written):  # deleted while it was copied
                    home.unlink(missing_ok=True)
                    return False
                return True
        if not is_current(store, name, record.written):
            return False
        _quarantine(store, good.pop(0), name=name, found=found)
    return False


def _copy(source: Path, draft: blobs.Draft, record: ObjectRecord, *, pace: Pace) -> bool:
    """Copy bytes and description; return whether they are what was written."""
    digest = sums.Whole()
    try:
        with source.open("rb", buffering=0) as file:
            while data := file.read(sums.BLOCK_BYTES):
                digest.update(data)
                draft.write(data)
                pace.spend(len(data))
            attribute = os.getxattr(file.fileno(), object_file.ATTRIBUTE)
    except FileNotFoundError:
        return False
    os.setxattr(draft.fd, object_file.ATTRIBUTE, attribute)
    return digest.hexdigest() == record.xxh3


def _quarantine(store: ObjectStore, path: Path, *, name: ObjectName, found: Found) -> None:
    with contextlib.suppress(FileNotFoundError):
        target = store.files.quarantine(path)
        log.error("object %s: bytes differ from their checksum: moved to %s", name, target)
        store.tell("quarantined", object=str(name), path=str(target))
        found.quarantined.append(str(target))


def _remove_strays(store: ObjectStore, good: list[Path], name: ObjectName, written: int) -> int:
    strays = [path for path in good if path not in store.files.homes(name, written)]
    for path in strays:
        path.unlink(missing_ok=True)
    return len(strays)
