"""What a request may ask of networking: policy, then quota, then rows, then a message.

Rules and networks are only rows here; each host's network worker makes them so when its topic is
rung. Imports no driver.
"""

from typing import Final

from appliance import config
from appliance.db import connection, networks, subnets

FIRST_NETWORK: Final = "demo-net"


def bootstrap(settings: config.Settings, db: connection.Database, *, project_id: str) -> None:
    """Make the first network, which every project shares, unless there is one of its name."""
    with db.transaction() as tx:
        if any(network.name == FIRST_NETWORK for network in networks.all_networks(tx)):
            return
        network = networks.create(
            tx,
            name=FIRST_NETWORK,
            project_id=project_id,
            mtu=settings.network.mtu,
            is_shared=True,
        )
        subnets.create(
            tx,
            network_id=network.id,
            project_id=project_id,
            cidr=settings.network.fixed_cidr,
            name="demo-subnet",
            dns_servers=settings.network.dns_servers,
        )
