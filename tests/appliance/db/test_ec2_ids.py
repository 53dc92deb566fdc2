from pathlib import Path

import pytest
import sqlite_utils

from appliance.db import connection, ec2_ids, migrations
from appliance.db.migrations import second_mile_schema
from tests.appliance import rows


def test_a_number_goes_both_ways_and_outlives_its_object(db: connection.Database) -> None:
    row = rows.add_instance(db)
    ec2_id = ec2_ids.of(db, "i", row.id)
    with db.transaction() as tx:
        tx.execute("DELETE FROM instances WHERE id = ?", (row.id,))

    assert ec2_id == "i-00000001"
    assert ec2_ids.find(db, ec2_id) == ("instance", row.id)
    assert ec2_ids.of(db, "i", row.id) == ec2_id


def test_a_number_is_never_used_again(db: connection.Database) -> None:
    first, second = rows.add_volume(db), rows.add_volume(db)
    with db.transaction() as tx:
        tx.execute("DELETE FROM volumes")
        tx.execute("DELETE FROM ec2_ids")

    known = ec2_ids.many(db, "vol", [rows.add_volume(db).id, first.id, second.id])
    assert list(known.values()) == ["vol-00000003"]


@pytest.mark.parametrize("text", ["i-1", "i-0000000g", "vol-00000001", "x-00000001", "", "I-0000"])
def test_what_names_no_instance_finds_none(db: connection.Database, text: str) -> None:
    rows.add_instance(db)

    assert ec2_ids.find(db, text) is None


def test_every_kind_that_has_a_prefix_gets_numbers() -> None:
    kinds = set(second_mile_schema.EC2_KINDS.values())
    assert kinds == set(ec2_ids.KIND_BY_PREFIX.values())


def test_rows_from_before_get_numbers_too(home: Path) -> None:
    plain = connection.connect(home / "state.db")
    migrations._steps.apply(sqlite_utils.Database(plain), stop_before="second_mile")
    plain.close()
    db = connection.open_db(home)
    row = rows.add_instance(db)

    assert migrations.migrate(home)[0] == "second_mile"
    assert ec2_ids.of(db, "i", row.id) == "i-00000001"
    db.close()
