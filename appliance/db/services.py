"""Rows of `services`: which processes serve, and when each was last heard of."""

import os

from appliance import clock
from appliance.db import connection
from appliance.model.host import Service


def register(tx: connection.Transaction, topic: str, *, name: str, host: str) -> None:
    """This process serves `topic` from now on; it takes the row of its predecessor."""
    now = clock.stamp()
    tx.execute(
        "INSERT INTO services (topic, name, host, pid, started_at, seen_at) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (topic) DO UPDATE SET name = excluded.name, "
        "host = excluded.host, pid = excluded.pid, started_at = excluded.started_at, "
        "seen_at = excluded.seen_at, trouble = ''",
        (topic, name, host, os.getpid(), now, now),
    )


def seen(tx: connection.Transaction, topic: str, *, trouble: str = "") -> None:
    """The heartbeat; `trouble` is what a person should do something about, in a sentence."""
    tx.execute("UPDATE services SET seen_at = ? WHERE topic = ?", (clock.stamp(), topic))
    tx.execute(
        "UPDATE services SET trouble = ? WHERE topic = ? AND trouble <> ?",
        (trouble, topic, trouble),
    )


def all_services(db: connection.Reader) -> list[Service]:
    """Every service that ever registered, by topic."""
    return [Service(**dict(row)) for row in db.rows("SELECT * FROM services ORDER BY topic")]
