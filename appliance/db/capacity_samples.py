"""Rows of `capacity_samples`: what the whole cloud had, and had given away, every ten minutes."""

from typing import Final

from appliance import clock
from appliance.db import connection
from appliance.model.host import Sample

EVERY_S: Final = 600.0  # a day is 144 points: as many as a wide terminal has columns
KEPT_S: Final = 7 * 86_400.0  # a week: 1,008 rows, the last of which a forecast is made from


def add(tx: connection.Transaction) -> None:
    """Write down how it is now, of all hosts together, and forget what is older than a week."""
    tx.execute(
        """
        INSERT OR IGNORE INTO capacity_samples
        SELECT :now, (SELECT coalesce(sum(vcpus), 0) FROM hosts),
               (SELECT coalesce(sum(memory_mib), 0) FROM hosts),
               (SELECT coalesce(sum(disk_gib), 0) FROM hosts),
               count(*), coalesce(sum(vcpus), 0), coalesce(sum(memory_mib), 0),
               coalesce(sum(disk_gib), 0)
        FROM instances WHERE deleted_at IS NULL AND host IS NOT NULL AND vm_state != 'error'
        """,
        {"now": clock.stamp()},
    )
    tx.execute("DELETE FROM capacity_samples WHERE at < ?", (clock.stamp(clock.now() - KEPT_S),))


def newest_at(db: connection.Reader) -> str | None:
    """When the newest was taken, None before the first."""
    row = db.row("SELECT max(at) AS at FROM capacity_samples")
    return row["at"] if row else None


def since(db: connection.Reader, at: str) -> list[Sample]:
    """Those taken at `at` or later, oldest first."""
    rows = db.rows("SELECT * FROM capacity_samples WHERE at >= ? ORDER BY at", (at,))
    return [Sample(**dict(row)) for row in rows]
