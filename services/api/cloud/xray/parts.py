"""Parts that objects of several kinds have: their row, what waits for them, a tap, a rule set."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from appliance import queue
from appliance.db import connection, instances
from appliance.model import states
from appliance.model.instance import Instance
from appliance.model.network import Port
from services.api.cloud.xray.looks import Json, Look, Looks
from services.api.cloud.xray.node import Meaning, Node, checked, unknown

_MEANING_BY_STATE: dict[str, Meaning] = {
    states.VmState.ACTIVE: "good",
    states.VmState.STOPPED: "off",
    states.VmState.PAUSED: "off",
    states.VmState.SUSPENDED: "off",
    states.VmState.ERROR: "failed",
}
_WAITING_MAX = 1000  # messages that are looked through, a topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the parts are read: rows, queues, and the hosts' workers."""

    db: connection.Reader
    queue: queue.Queue
    looks: Looks


def row(table: str, **columns: object) -> Node:
    """What the database says: everything else is held against it."""
    words = "  ".join(f"{name}={value}" for name, value in columns.items() if value is not None)
    return Node(label="db row", word="there", detail=f"{table}  {words}")


def waiting(topics: queue.Queue, object_id: str) -> Node:
    """Messages for the object, in whichever topic."""
    found = [
        f"{message.step} in {name}{' (paused)' if topics.get(name).file.pause_now() else ''}"
        for name in topics.names()
        for message in topics.peek(name, limit=_WAITING_MAX)
        if message.object_id == object_id
    ]
    if not found:
        return Node(label="queue", word="empty", detail="nothing waits for it")
    return Node(label="queue", word="waiting", meaning="busy", detail=", ".join(found))


def status(instance: Instance) -> tuple[str, Meaning]:
    """An instance's state as a word, and what it means."""
    if instance.task_state is not None:
        return str(instance.task_state), "busy"
    return str(instance.vm_state), _MEANING_BY_STATE.get(instance.vm_state, "busy")


def instance(db: connection.Reader, instance_id: str, label: str = "instance") -> Node:
    """An instance as a part of something else: one can go to it."""
    found = instances.get(db, instance_id)
    word, meaning = status(found)
    return Node(
        label=f"{label} {found.name}", word=word, meaning=meaning, kind="instance", id=found.id
    )


def nic(port: Port, look: Look, *, is_changing: bool) -> Node:
    """A port's tap, and its addresses with their lease."""
    label = f"nic {port.tap}"
    if port.host is None:
        return Node(
            label=label, word="not wired", meaning="busy" if is_changing else "off",
            detail=f"{port.mac}  it gets a tap when its instance has a host",
            kind="port", id=port.id,
        )  # fmt: skip
    if look.value is None:
        return unknown(label, look.reason)
    found = look.part("ports", port.id)
    children = [_address(one.ip, found) for one in port.fixed_ips]
    return checked(
        label, _tap_mismatch(port, found), is_changing=is_changing, word="up",
        detail=f"{port.mac}  {found['wanted_bridge'] if found else ''}".rstrip(),
        children=children, kind="port", object_id=port.id,
    )  # fmt: skip


def _tap_mismatch(port: Port, found: Json | None) -> str:
    repair = "the network worker makes it anew at its next round (30 s)"
    if found is None:
        return "" if not port.fixed_ips else "the worker's plan does not have this port"
    if not found["is_there"]:
        return f"tap {port.tap} is not there; {repair}"
    if not found["is_right"]:
        where = found["bridge"] or "no bridge"
        return f"tap {port.tap} is on {where}, not on {found['wanted_bridge']}; {repair}"
    return ""


def _address(ip: str, found: Json | None) -> Node:
    lease = found.get("lease") if found else None
    if not lease:
        return Node(
            label=f"fixed ip {ip}", word="no lease", meaning="attention",
            detail="the guest has not asked DHCP for it yet",
        )  # fmt: skip
    until = datetime.fromtimestamp(lease["expires_at"], UTC)
    if lease["ip"] != ip:
        return Node(
            label=f"fixed ip {ip}", word="other lease", meaning="attention",
            detail=f"the guest's lease is of {lease['ip']}, as it was before",
        )  # fmt: skip
    return Node(label=f"fixed ip {ip}", word="leased", detail=f"until {until:%Y-%m-%d %H:%M} UTC")


def rules(look: Look, *, is_changing: bool) -> Node:
    """Whether the rules in the kernel are the very text that the rows make."""
    if look.value is None:
        return unknown("nft rules", look.reason)
    found = look.part("rules") or {}
    same = found.get("wanted") == found.get("loaded")
    loaded = found.get("loaded") or "none, or half of them"
    return checked(
        "nft rules",
        "" if same else f"loaded are {loaded}, wanted {found.get('wanted')}; the network worker "
        "loads them at its next round (30 s)",
        is_changing=is_changing, word="loaded", detail=f"digest {loaded}",
    )  # fmt: skip


def with_children(node: Node, *more: Node) -> Node:
    """The same part with further ones below it."""
    return replace(node, children=(*node.children, *more))
