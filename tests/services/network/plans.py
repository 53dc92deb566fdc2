"""Plans that tests of the network service share."""

from appliance.ids import SecurityGroupId
from appliance.model.security_group import Direction, Rule
from services.network.plan import HostPlan, Network, Port

WEB = SecurityGroupId("77777777-0000-4000-8000-000000000007")
RED = Network(
    id="aaaaaaaa-0000-4000-8000-00000000000a", cidr="10.78.0.0/24", gateway_ip="10.78.0.1", mtu=1450
)
BLUE = Network(
    id="bbbbbbbb-0000-4000-8000-00000000000b",
    cidr="10.79.0.0/24",
    gateway_ip="10.79.0.1",
    dns_nameservers=("192.0.2.53",),
)


def rule(
    direction: Direction,
    *,
    protocol: str | None = None,
    ports: tuple[int | None, int | None] = (None, None),
    cidr: str | None = None,
    group: SecurityGroupId | None = None,
) -> Rule:
    return Rule(
        id="",
        group_id=SecurityGroupId(""),
        direction=direction,
        protocol=protocol,
        port_min=ports[0],
        port_max=ports[1],
        remote_cidr=cidr,
        remote_group_id=group,
    )


EGRESS = rule("egress")
SSH = rule("ingress", protocol="tcp", ports=(22, 22))
PING = rule("ingress", protocol="icmp", ports=(8, 0))


def port(number: int, network: Network = RED, *, rules: tuple[Rule, ...] = (EGRESS, SSH)) -> Port:
    """Port `number` of a network: its address ends so, and so does its MAC."""
    prefix = network.gateway_ip.rpartition(".")[0]
    return Port(
        id=f"{number:08x}-0000-4000-8000-{network.id[-12:]}",
        network_id=network.id,
        mac_address=f"fa:16:3e:00:{network.id[:2]}:{number:02x}",
        fixed_ips=(f"{prefix}.{number}",),
        hostname=f"vm-{number}",
        rules=rules,
    )


ONE = HostPlan(networks=(RED,), ports=(port(11),))
FULL = HostPlan(
    networks=(RED, BLUE),
    ports=(
        port(11, rules=(EGRESS, SSH, PING)),
        port(
            12, rules=(EGRESS, rule("ingress", protocol="tcp", ports=(80, 90), cidr="10.78.0.11"))
        ),
        port(
            13, rules=(rule("egress", protocol="tcp", ports=(80, 80)), rule("ingress", group=WEB))
        ),
        port(21, BLUE),
    ),
    members={WEB: frozenset({"10.78.0.12", "10.78.0.11"})},
    floating_ips={"198.51.100.50": "10.78.0.11"},
)
