"""The first start: the network that every project shares."""

from typing import Final

from appliance import config, errors
from appliance.db import connection, networks, projects, subnets

FIRST_NETWORK: Final = "demo-net"
OWNER: Final = "admin"


def bootstrap(settings: config.Settings, db: connection.Database) -> None:
    """Make the first network, which every project shares, unless there is one of its name.

    It belongs to the project `admin`, which identity's bootstrap has made.
    """
    with db.transaction() as tx:
        owner = projects.find_by_name(tx, OWNER)
        if owner is None:
            raise errors.ConfigError(f"project {OWNER} is missing: bootstrap identity first")
        if any(network.name == FIRST_NETWORK for network in networks.all_networks(tx)):
            return
        network = networks.create(
            tx,
            name=FIRST_NETWORK,
            project_id=owner.id,
            mtu=settings.network.mtu,
            is_shared=True,
        )
        subnets.create(
            tx,
            network_id=network.id,
            project_id=owner.id,
            cidr=settings.network.fixed_cidr,
            name="demo-subnet",
            dns_servers=settings.network.dns_servers,
        )
