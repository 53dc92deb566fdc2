"""Writes down now and then how much room there is: the history that a forecast is made from."""

from appliance import clock
from appliance.db import capacity_samples, connection, hosts


def sample(db: connection.Database) -> None:
    """Take a sample unless one was taken lately, or no host has reported in yet: no room is not
    the same as none known. Called at every beat of the scheduler.
    """
    newest_at = capacity_samples.newest_at(db)
    if newest_at and clock.now() - clock.seconds(newest_at) < capacity_samples.EVERY_S:
        return
    if not hosts.all_hosts(db):
        return
    with db.transaction() as tx:
        capacity_samples.add(tx)
