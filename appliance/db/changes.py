"""The log of changes that the event stream follows; triggers write it (see migrations)."""

from dataclasses import dataclass
from typing import Final

from appliance.db import connection

KEPT: Final = 10_000  # revisions one may resume from; an older client gets a new snapshot


@dataclass(frozen=True, slots=True)
class Change:
    """Something about one object changed at `revision`; what, the object's own row says."""

    revision: int
    kind: str
    object_id: str
    project_id: str


def revision(db: connection.Reader) -> int:
    """The newest revision, 0 in a new cloud."""
    row = db.row("SELECT coalesce(max(revision), 0) AS revision FROM changes")
    return int(row["revision"]) if row else 0


def oldest(db: connection.Reader) -> int:
    """The oldest revision still kept."""
    row = db.row("SELECT coalesce(min(revision), 0) AS revision FROM changes")
    return int(row["revision"]) if row else 0


def after(db: connection.Reader, revision: int, *, limit: int = 1000) -> list[Change]:
    """The newest change of each object after `revision`, oldest first: coalesced."""
    rows = db.rows(
        "SELECT max(revision) AS revision, kind, object_id, max(project_id) AS project_id "
        "FROM changes WHERE revision > ? GROUP BY kind, object_id ORDER BY 1 LIMIT ?",
        (revision, limit),
    )
    return [Change(*row) for row in rows]


def trim(tx: connection.Transaction) -> int:
    """Forget the oldest; how many."""
    return tx.execute(
        "DELETE FROM changes WHERE revision <= (SELECT max(revision) FROM changes) - ?", (KEPT,)
    )
