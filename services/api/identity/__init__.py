"""Identity v3 (Keystone): translation only. `face` is everything under `/identity`."""

from appliance import config
from appliance.db import connection
from services.api.identity import discovery, ec2_credentials, grants, login, projects, users
from services.http import endpoint, faults
from services.identity.api import Identity


def face(settings: config.Settings, db: connection.Database, identity: Identity) -> endpoint.Face:
    """The API; its endpoints in the order in which they are tried."""
    paths = (
        *discovery.paths(),
        *login.paths(settings, db, identity),
        *projects.paths(db),
        *users.paths(db),
        *ec2_credentials.paths(settings, db),
        *grants.paths(settings, db),
    )
    return endpoint.Face(prefix="/identity", fault=faults.keystone, paths=paths)


def root() -> endpoint.Face:
    """`/` alone: clients that are given only host and port find the way from there."""
    return endpoint.Face(prefix="", fault=faults.novabox, paths=discovery.root_paths())
