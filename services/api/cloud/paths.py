"""POST /novabox/v1/paths: whether one end reaches another. The wire form; no logic."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from appliance.model.security_group import Rule
from services.http.endpoint import Request
from services.network.api.paths import Asked, Fix, Paths, Verdict

Json = dict[str, Any]


class Body(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is asked."""

    source: str = msgspec.field(name="from")
    target: str = msgspec.field(name="to")
    protocol: str = "tcp"
    port: int | None = None


def handler(verbs: Paths) -> Callable[[Request, Body], Json]:
    """The endpoint on these verbs."""
    return _Handler(verbs).check


@dataclass(frozen=True, slots=True)
class _Handler:
    verbs: Paths

    def check(self, request: Request, body: Body) -> Json:
        asked = Asked(
            source=body.source, target=body.target, protocol=body.protocol, port=body.port
        )
        return {"path": _view(self.verbs.check(request.ctx, asked))}


def _view(path: Verdict) -> Json:
    return {
        "checks": [
            {"what": one.what, "is_passed": one.is_passed, "text": one.text}
            for one in path.checks
        ],
        "fix": _fix(path.fix) if path.fix else None,
    }  # fmt: skip


def _fix(fix: Fix) -> Json:
    return {"text": fix.text, "rule": _rule(fix.rule) if fix.rule else None}


def _rule(rule: Rule) -> Json:
    """As Neutron's POST /security-group-rules takes it."""
    return {
        "security_group_id": rule.group_id,
        "direction": rule.direction,
        "ethertype": rule.ethertype,
        "protocol": rule.protocol,
        "port_range_min": rule.port_min,
        "port_range_max": rule.port_max,
        "remote_group_id": rule.remote_group_id,
        "remote_ip_prefix": rule.remote_cidr,
    }
