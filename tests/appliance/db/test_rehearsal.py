"""A rehearsed transaction: seen before and after it wrote, and taken back."""

import pytest

from appliance import errors
from appliance.db import connection, quotas


def write(db: connection.Database) -> None:
    with db.transaction() as tx:
        quotas.put(tx, "p1", "cores", 3)


def test_what_is_written_is_seen_at_the_end_and_then_taken_back(db):
    seen = []

    def look(tx: connection.Transaction) -> None:
        seen.append(quotas.of_project(tx, "p1"))

    with pytest.raises(connection.Rehearsed), connection.rehearsal(first=look, last=look):
        write(db)

    assert seen == [{}, {"cores": 3}]
    assert quotas.of_project(db, "p1") == {}


def test_who_looks_may_refuse_too(db):
    def refuse(_: connection.Transaction) -> None:
        raise errors.Conflict("no")

    with pytest.raises(errors.Conflict), connection.rehearsal(last=refuse):
        write(db)
    write(db)  # outside it is no rehearsal, and no lock is held

    assert quotas.of_project(db, "p1") == {"cores": 3}
