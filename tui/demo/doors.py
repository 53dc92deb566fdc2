"""ssh and ping through the default security group."""

from __future__ import annotations

from typing import Any, Final

from tui.client import openstack, verbs
from tui.client.errors import Refused
from tui.client.session import Session
from tui.demo.failure import DemoFailed

_RULES: Final[tuple[dict[str, Any], ...]] = (
    {"protocol": "tcp", "port_range_min": 22, "port_range_max": 22},
    {"protocol": "icmp"},
)


async def open_all(session: Session) -> str:
    """Open them where they are not open already; return what was done."""
    call = verbs.network.security_groups("default")
    groups = await session.fetch(call, openstack.security_group_ids)
    if not groups:
        raise DemoFailed("the project has no default security group")
    opened = [rule["protocol"] for rule in _RULES if await _open(session, groups[0], rule)]
    return f"opened {', '.join(opened)}" if opened else "open already"


async def _open(session: Session, group_id: str, rule: dict[str, Any]) -> bool:
    wanted = {"security_group_id": group_id, "direction": "ingress", "ethertype": "IPv4", **rule}
    try:
        await session.send(verbs.network.create_security_group_rule(wanted))
    except Refused as error:
        if error.status == 409:  # it is there already
            return False
        raise
    return True
