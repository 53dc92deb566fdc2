"""What can still be read of a container's damaged file.

Rows are taken from both ends until the damage; bytes only if they are what their row says. It
refuses to know what becomes of them.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from storage.objects import object_rows, sums
from storage.objects.object_file import ObjectRecord
from storage.objects.object_rows import Stored

_METADATA: Final = "SELECT metadata FROM container"
_RECORDS: Final = object_rows.GET.replace("WHERE name = ?", "ORDER BY name")
_TRASHED: Final = "SELECT name, written FROM trash WHERE NOT is_back"
_BODY: Final = "SELECT data FROM bodies WHERE written = ?"
_BLOCKS: Final = "SELECT sums FROM blocks WHERE written = ?"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Salvaged:
    """What was readable: the container's metadata, and objects with the bytes that were in it."""

    metadata: Mapping[str, str] = field(default_factory=dict)
    stored: Mapping[str, Stored] = field(default_factory=dict)
    trashed: frozenset[tuple[str, int]] = frozenset()  # name and tick of what was in the trash


def read(path: Path) -> Salvaged:
    """Read what can be read; of a file that is lost, nothing."""
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)
    except sqlite3.Error as error:
        log.error("container file %s: nothing to be saved of it: %s", path, error)  # noqa: TRY400
        return Salvaged()
    with contextlib.closing(db):
        metadata = next(_rows(db, _METADATA), ("{}",))[0]
        records = {record.name: record for record in _records(db)}
        stored = {name: _stored(db, record) for name, record in records.items()}
        trashed = frozenset((str(row[0]), int(str(row[1]))) for row in _rows(db, _TRASHED))
    return Salvaged(metadata=_parsed(metadata), stored=stored, trashed=trashed)


def _records(db: sqlite3.Connection) -> Iterator[ObjectRecord]:
    for order in ("", " DESC"):
        for row in _rows(db, _RECORDS + order):
            with contextlib.suppress(ValueError, TypeError):
                yield object_rows.record_of(row)


def _stored(db: sqlite3.Connection, record: ObjectRecord) -> Stored:
    """Return an object with its bytes, if they were here and are what was written."""
    (data,) = next(_rows(db, _BODY, record.written), (None,))
    (blocks,) = next(_rows(db, _BLOCKS, record.written), (b"",))
    is_good = isinstance(data, bytes) and sums.whole(data) == record.xxh3
    kept = data if isinstance(data, bytes) and is_good else None
    return Stored(record, kept, blocks if isinstance(blocks, bytes) else b"")


def _rows(db: sqlite3.Connection, sql: str, *values: object) -> Iterator[tuple[object, ...]]:
    """Yield rows up to the first that cannot be read."""
    with contextlib.suppress(sqlite3.Error):
        yield from db.execute(sql, values)


def _parsed(text: object) -> dict[str, str]:
    try:
        found = json.loads(str(text))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
