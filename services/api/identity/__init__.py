"""Identity v3 (Keystone): translation only. `face` is everything under `/identity`."""

from appliance import config
from appliance.db import connection
from services.api.identity import (
    access_rules,
    application_credentials,
    assignments,
    catalog,
    credentials,
    discovery,
    domains,
    ec2_credentials,
    ec2_tokens,
    grants,
    groups,
    limits,
    login,
    projects,
    roles,
    trusts,
    users,
)
from services.http import endpoint, faults
from services.identity.api import Identity


def face(settings: config.Settings, db: connection.Database, identity: Identity) -> endpoint.Face:
    """The API; its endpoints in the order in which they are tried."""
    paths = (
        *discovery.paths(),
        *login.paths(db, identity),
        *domains.paths(db),
        *projects.paths(db),
        *users.paths(settings, db),
        *groups.paths(db),
        *roles.paths(db),
        *grants.paths(db),
        *assignments.paths(db),
        *catalog.paths(db),
        *limits.paths(db),
        *application_credentials.paths(db),
        *access_rules.paths(db),
        *trusts.paths(db),
        *ec2_credentials.paths(settings, db),
        *ec2_tokens.paths(settings, db, identity),
        *credentials.paths(settings, db),
    )
    return endpoint.Face(
        prefix="/identity", fault=faults.keystone, paths=paths, service_types=("identity",)
    )


def root() -> endpoint.Face:
    """`/` alone: clients that are given only host and port find the way from there."""
    return endpoint.Face(prefix="", fault=faults.novabox, paths=discovery.root_paths())
