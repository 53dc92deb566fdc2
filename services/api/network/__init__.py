"""Networking v2.0 under /network: routes, wire structs and translation; no logic."""

from services.api.network import groups, networks, ports, quotas, subnets, versions
from services.http import endpoint, faults
from services.network.api.networks import Networks, Subnets
from services.network.api.ports import Ports
from services.network.api.security_groups import SecurityGroups


def face(
    *,
    network_verbs: Networks,
    subnet_verbs: Subnets,
    port_verbs: Ports,
    group_verbs: SecurityGroups,
    page_max: int,
) -> endpoint.Face:
    """The whole API, on these verbs; no list answers more than `page_max` entries."""
    parts = (
        networks.NetworksFace(verbs=network_verbs, page_max=page_max),
        subnets.SubnetsFace(verbs=subnet_verbs, page_max=page_max),
        ports.PortsFace(verbs=port_verbs, page_max=page_max),
        groups.GroupsFace(verbs=group_verbs, page_max=page_max),
        quotas.QuotasFace(verbs=network_verbs),
    )
    lines = tuple(line for part in parts for line in part.paths())
    paths = (*versions.paths(), *lines)
    return endpoint.Face(
        prefix="/network", fault=faults.neutron, paths=paths, service_types=("network",)
    )
