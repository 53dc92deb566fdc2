"""A small SQLite file: what is asked again and again is read once until something changes."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.objects import database
from storage.objects.database import Database

SCHEMA = "CREATE TABLE numbers (name TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT;"
ASK = "SELECT number FROM numbers WHERE name = ?"


@pytest.fixture
def numbers(tmp_path: Path) -> Iterator[Database]:
    with contextlib.closing(Database(tmp_path / "numbers.sqlite", schema=SCHEMA)) as made:
        made.change(lambda db: db.execute("INSERT INTO numbers VALUES ('one', 1)"))
        yield made


def test_a_known_row_is_read_once(numbers: Database, monkeypatch: pytest.MonkeyPatch):
    assert numbers.known_row(ASK, "one") == (1,)
    monkeypatch.delattr(Database, "row")

    assert numbers.known_row(ASK, "one") == (1,)


def test_a_known_row_is_read_again_after_a_change(numbers: Database):
    assert (numbers.known_row(ASK, "one"), numbers.known_row(ASK, "two")) == ((1,), None)
    numbers.change(lambda db: db.execute("UPDATE numbers SET number = 7"))
    numbers.change(lambda db: db.execute("INSERT INTO numbers VALUES ('two', 2)"))

    assert (numbers.known_row(ASK, "one"), numbers.known_row(ASK, "two")) == ((7,), (2,))


def test_a_row_that_was_read_beside_a_change_is_not_kept(numbers: Database):
    """The change is committed between the reading and the remembering."""
    real = numbers.row

    def row(sql: str, values: tuple[object, ...]) -> tuple[object, ...] | None:
        found = real(sql, values)
        numbers.change(lambda db: db.execute("UPDATE numbers SET number = 7"))
        return found

    numbers.row = row  # type: ignore[method-assign]  # what another thread does meanwhile
    assert numbers.known_row(ASK, "one") == (1,)
    del numbers.row

    assert numbers.known_row(ASK, "one") == (7,)


def test_no_more_rows_are_known_than_a_few(numbers: Database):
    for number in range(database.KNOWN_MAX + 3):
        assert numbers.known_row(ASK, f"none {number}") is None

    assert len(numbers._known) <= database.KNOWN_MAX
