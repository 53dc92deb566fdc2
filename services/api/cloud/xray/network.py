"""A network, down to its bridge, DHCP server, rules, and every port with its tap and lease."""

from appliance import context
from appliance.db import connection, instances, networks, ports, subnets
from appliance.model.network import Port, bridge_name
from services.api.cloud.xray import parts
from services.api.cloud.xray.looks import Json, Look
from services.api.cloud.xray.node import Node, checked, unknown
from services.api.cloud.xray.parts import Sources


def tree(at: Sources, ctx: context.RequestContext, network_id: str) -> Node:
    """Everything that the network is made of; of its ports those that `ctx` may see."""
    row = networks.get(at.db, network_id)
    found = ports.of_network(at.db, row.id)
    ranges = subnets.of_network(at.db, row.id)
    hosts = sorted({port.host for port in found if port.host})
    return Node(
        label=row.name, word=row.status.lower(), kind="network", id=row.id,
        detail=", ".join(f"{one.cidr} gateway {one.gateway_ip}" for one in ranges),
        children=(
            *(node for host in hosts for node in _on_host(at, row.id, host, found)),
            *((_nowhere(row.id),) if not hosts else ()),
            *(_port(at, port) for port in found if _is_seen(ctx, port)),
            parts.row("networks", status=row.status, mtu=row.mtu, updated_at=row.updated_at),
        ),
    )  # fmt: skip


def _nowhere(network_id: str) -> Node:
    return Node(
        label=f"bridge {bridge_name(network_id)}", word="none", meaning="off",
        detail="it is made with the network's first guest",
    )  # fmt: skip


def _on_host(at: Sources, network_id: str, host: str, found: list[Port]) -> list[Node]:
    look = at.looks.wiring(host)
    label = f"bridge {bridge_name(network_id)}"
    if look.value is None:
        return [unknown(label, look.reason)]
    is_changing = any(_is_changing(at.db, port) for port in found)
    wiring = look.part("networks", network_id)
    if wiring is None:
        return [_nowhere(network_id)]
    bridge = checked(
        label, _bridge_mismatch(wiring), is_changing=is_changing, word="up",
        detail=", ".join(wiring["addresses"]),
    )  # fmt: skip
    return [
        bridge,
        *_dhcp(wiring, is_changing=is_changing),
        parts.rules(look, is_changing=is_changing),
    ]


def _bridge_mismatch(wiring: Json) -> str:
    repair = "the network worker repairs it at its next round (30 s)"
    if not wiring["is_there"]:
        return f"{wiring['bridge']} is not there; {repair}"
    return "" if wiring["is_right"] else f"{wiring['bridge']} is not as planned; {repair}"


def _dhcp(wiring: Json, *, is_changing: bool) -> list[Node]:
    if not wiring["wants_dhcp"]:
        return [Node(label="dhcp", word="none", meaning="off", detail="its subnet has it disabled")]
    mismatch = ""
    if not wiring["has_dhcp"]:
        mismatch = "no dnsmasq runs on the bridge; the network worker starts it (30 s)"
    elif not wiring["is_dhcp_right"]:
        mismatch = (
            "dnsmasq was told other guests than there are; the network worker tells it (30 s)"
        )
    return [checked("dhcp", mismatch, is_changing=is_changing, word="answers")]


def _port(at: Sources, port: Port) -> Node:
    look = at.looks.wiring(port.host) if port.host else Look()
    node = parts.nic(port, look, is_changing=_is_changing(at.db, port))
    if port.instance_id is None:
        return node
    return parts.with_children(node, parts.instance(at.db, port.instance_id))


def _is_seen(ctx: context.RequestContext, port: Port) -> bool:
    return ctx.is_admin or port.project_id == ctx.project_id


def _is_changing(db: connection.Reader, port: Port) -> bool:
    return (
        port.instance_id is not None and instances.get(db, port.instance_id).task_state is not None
    )
