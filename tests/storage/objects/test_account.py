"""The accounts file: whose containers there are, and by which index they are found."""

import contextlib
import sqlite3
from pathlib import Path

from storage.objects.store import ObjectStore


def test_a_store_of_before_finds_a_container_by_its_name_alone(tmp_path: Path):
    with ObjectStore(tmp_path) as store:
        store.put_container("AUTH_a", "shelf")
        store.put_container("AUTH_b", "shelf")
        store.put_container("AUTH_a", "other")
    with contextlib.closing(sqlite3.connect(tmp_path / "accounts.sqlite")) as db:
        db.executescript("DROP INDEX containers_name; PRAGMA user_version = 0")

    with ObjectStore(tmp_path) as store:
        assert store.accounts_with("shelf") == ["AUTH_a", "AUTH_b"]

    with contextlib.closing(sqlite3.connect(tmp_path / "accounts.sqlite")) as db:
        asked = "EXPLAIN QUERY PLAN SELECT account FROM containers WHERE name = 'shelf'"
        assert "containers_name" in str(db.execute(asked).fetchall())
