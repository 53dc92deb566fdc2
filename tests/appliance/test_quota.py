"""Quotas: defaults, a project's own, and how many fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance import errors, quota
from appliance.db import quotas

USED = {"instances": 8, "cores": 2, "ram": 1024}
EACH = {"instances": 1, "cores": 1, "ram": 512}


def test_a_projects_own_limit_hides_the_default(db):
    with db.transaction() as tx:
        quotas.put(tx, "p1", "cores", 3)
        quotas.put(tx, "p1", "cores", 4)

    assert quota.limits(db, "p1") == quota.DEFAULTS | {"cores": 4}
    assert quota.limits(db, "p2") == quota.DEFAULTS


def test_what_is_over_is_named_with_numbers(db):
    with db.transaction() as tx, pytest.raises(errors.OverQuota) as raised:
        quota.check(tx, "p1", asked={"instances": 3, "cores": 3, "ram": 1}, used=USED)

    assert str(raised.value) == (
        "Quota exceeded for instances: Requested 3, but already used 8 of 10 instances"
    )


def test_minus_one_is_no_limit(db):
    with db.transaction() as tx:
        for resource in EACH:
            quotas.put(tx, "p1", resource, quota.UNLIMITED)
        count = quota.fit(tx, "p1", each=EACH, used=USED, least=1, most=500)

    assert count == 500


@given(least=st.integers(1, 5), more=st.integers(0, 5), used=st.integers(0, 12))
def test_as_many_fit_as_there_is_room_for(first_db, least, more, used):
    most = least + more
    room = quota.DEFAULTS["instances"] - used
    with first_db.transaction() as tx:
        if room < least:
            with pytest.raises(errors.OverQuota):
                quota.fit(
                    tx, "p", each={"instances": 1}, used={"instances": used}, least=least, most=most
                )
        else:
            count = quota.fit(
                tx, "p", each={"instances": 1}, used={"instances": used}, least=least, most=most
            )
            assert count == min(most, room)


@pytest.fixture(scope="module")
def first_db(tmp_path_factory):
    """One database for every example: nothing is written."""
    from appliance.db import connection, migrations

    home = tmp_path_factory.mktemp("quota")
    migrations.migrate(home)
    return connection.open_db(home)
