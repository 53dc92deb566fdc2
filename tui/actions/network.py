"""What can be done to networks, and along them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tui.actions.action import Action, Level, Question, Target, openstack
from tui.client import nouns, verbs
from tui.client.call import Call
from tui.store import Store

_BESIDE: Final = (("host", "this machine"), ("outside", "anybody outside"))
_PROTOCOLS: Final = ("tcp", "udp", "icmp")


def _ends(store: Store, target: Target) -> Sequence[nouns.Choice]:
    guests = sorted(store.all(nouns.Instance), key=lambda item: item.name)
    found = [
        nouns.Choice(id=item.id, name=item.name, note=" ".join(item.addresses))
        for item in guests
    ]  # fmt: skip
    return [*found, *(nouns.Choice(id=key, name=name) for key, name in _BESIDE)]


def _targets(store: Store, target: Target) -> Sequence[nouns.Choice]:
    """A path ends at a guest or outside; this machine is where it can only begin."""
    return [choice for choice in _ends(store, target) if choice.id not in ("host", target.id)]


def _protocols(store: Store, target: Target) -> Sequence[nouns.Choice]:
    return [nouns.Choice(id=name, name=name) for name in _PROTOCOLS]


def path_of(target: Target) -> Call:
    """Return the question that the form comes to."""
    said = target.answers
    protocol, port = said.get("protocol", "tcp"), said.get("port", "")
    return verbs.insides.check_path(
        said.get("from", target.id), said.get("to", "TO"), protocol,
        int(port) if port.isdigit() and protocol != "icmp" else None,
    )  # fmt: skip


def _name(target: Target) -> str:
    return target.answers.get("name", "NAME")


ACTIONS: Final = (
    Action(
        id="network.check_path", keys="k", label="check path", views=("networks",), makes=True,
        purpose="Whether one end reaches another: what stops it first, and the rule that opens it.",
        does="screen.check_path",
        asks=(Question(name="from", label="From", kind="choice", among=_ends,
                       default=lambda target: target.id),
              Question(name="to", label="To", kind="choice", among=_targets),
              Question(name="protocol", label="Protocol", kind="choice", among=_protocols),
              Question(name="port", label="Port", kind="number", default=lambda _: "22",
                       hint="none for icmp", is_optional=True)),
        cli=lambda target: (
            "curl", "-X", "POST", "-H", "X-Auth-Token: $OS_TOKEN", "-H",
            "Content-Type: application/json", "$NOVABOX_URL/paths", "-d",
            path_of(target).line().partition(" /novabox/v1/paths ")[2]),
        call=path_of,
    ),
    Action(
        id="network.open_way", keys="f", label="add the rule", views=("networks",),
        purpose="Add the rule that opens the path that was checked; it is shown first.",
        does="screen.open_way", cli=lambda _: (
            "openstack", "security", "group", "rule", "create", "GROUP"),
        call=lambda _: verbs.network.create_security_group_rule({}),
    ),
    Action(
        id="network.create", keys="n", label="new network", views=("networks",),
        purpose="Make a network with one range of addresses, and DHCP.", does="screen.create",
        asks=(Question(name="name", label="Name"),
              Question(name="cidr", label="Addresses", hint="10.9.0.0/24")),
        cli=lambda target: ("openstack", "network", "create", _name(target)),
        call=lambda target: verbs.network.create_network(_name(target)),
    ),
    Action(
        id="network.copy", keys="y", label="copy Mermaid", views=("networks",),
        purpose="Copy the networks as a Mermaid diagram, for a wiki.", does="screen.copy_mermaid",
        is_shown=False,
    ),
    Action(
        id="network.export", keys="e", label="export dot", views=("networks",),
        purpose="Write the networks as novabox-networks.dot into the folder you are in.",
        does="screen.export", is_shown=False,
    ),
    Action(
        id="network.groups", keys="g", label="groups", views=("networks",),
        purpose="Go to the security groups and their rules.", does="app.open('groups')",
    ),
    Action(
        id="network.delete", keys="ctrl+d", label="delete network", views=("networks",),
        level=Level.ONE_OBJECT, takes=(nouns.Network,),
        purpose="The network and its addresses are gone; no instance may be on it.",
        cli=openstack("network", "delete", "ID"),
        call=lambda target: verbs.network.delete_network(target.id),
    ),
)  # fmt: skip
