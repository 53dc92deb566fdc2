"""The first start: what it makes, what a crash leaves, and what later starts leave alone."""

import pytest

from appliance import config, credentials
from appliance.db import connection, role_assignments, roles, users
from services.identity import bootstrap, keys
from services.identity.api import bootstrap as start


def _implications(db: connection.Database) -> set[tuple[str, str]]:
    names = {role.id: role.name for role in roles.listed(db)}
    return {(names[prior], names[implied]) for prior, implied in roles.implications(db)}


def test_a_crash_after_the_passwords_leaves_a_start_that_completes(
    settings: config.Settings, db: connection.Database
) -> None:
    """The file of passwords is there and no row is: the next start makes them all."""
    keys.ensure(settings.etc_dir)
    logins = credentials.ensure(settings, bootstrap.PROJECT_BY_USER)

    start(settings, db)

    assert _implications(db) == set(bootstrap.IMPLIED)
    assert {user.name for user in users.listed(db)} == set(bootstrap.PROJECT_BY_USER)
    assert credentials.read(settings, "admin").password == logins["admin"].password


@pytest.mark.parametrize("prior", ["admin", "manager", "member"])
def test_what_an_admin_takes_away_stays_away(
    settings: config.Settings, db: connection.Database, prior: str
) -> None:
    start(settings, db)
    found = {role.name: role.id for role in roles.listed(db)}
    implied = dict(bootstrap.IMPLIED)[prior]
    demo = users.find_by_name(db, "demo")
    assert demo is not None
    with db.transaction() as tx:
        roles.imply_no_more(tx, found[prior], found[implied])
        for given in role_assignments.listed(tx, user_id=demo.id):
            role_assignments.unassign(tx, given)

    start(settings, db)

    assert (prior, implied) not in _implications(db)
    assert role_assignments.listed(db, user_id=demo.id) == []
