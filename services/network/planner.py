"""Reads what the network of one host should be from the database. Knows no host."""

from appliance import config
from appliance.db import connection, instances, networks, ports, security_groups, subnets
from appliance.model import network as model
from appliance.model.security_group import Rule
from services.network.plan import HostPlan, Network, Port


def plan(tx: connection.Transaction, settings: config.Settings, host: str) -> HostPlan:
    """The plan of `host`: its wired ports, their networks, and everything their rules name.

    Read in one transaction, so that it is one moment of the database.
    """
    wired = ports.wired(tx, host)
    rules_by_group = _rules(tx, wired)
    remotes = {
        rule.remote_group_id
        for rules in rules_by_group.values()
        for rule in rules
        if rule.remote_group_id is not None
    }
    return HostPlan(
        networks=tuple(
            _network(tx, network_id, settings.network)
            for network_id in dict.fromkeys(port.network_id for port in wired)
        ),
        ports=tuple(
            Port(
                id=port.id,
                network_id=port.network_id,
                mac_address=port.mac,
                fixed_ips=tuple(fixed.ip for fixed in port.fixed_ips),
                hostname=instances.get(tx, port.instance_id).hostname if port.instance_id else "",
                rules=tuple(
                    rule for group in port.security_group_ids for rule in rules_by_group[group]
                ),
            )
            for port in wired
        ),
        members=security_groups.members(tx, sorted(remotes)),
        metadata_port=settings.network.metadata_port,
    )


def _rules(tx: connection.Transaction, wired: list[model.Port]) -> dict[str, tuple[Rule, ...]]:
    groups = {id_ for port in wired for id_ in port.security_group_ids}
    return {id_: security_groups.get(tx, id_).rules for id_ in sorted(groups)}


def _network(tx: connection.Transaction, network_id: str, settings: config.Network) -> Network:
    network = networks.get(tx, network_id)
    subnet = subnets.of_network(tx, network_id)[0]  # a port with an address has one
    return Network(
        id=network.id,
        cidr=subnet.cidr,
        gateway_ip=subnet.gateway_ip,
        mtu=network.mtu,
        dns_nameservers=subnet.dns_servers or settings.dns_servers,
        enable_dhcp=subnet.is_dhcp_enabled,
    )
