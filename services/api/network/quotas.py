"""Quotas: /quotas (Networking API v2.0)."""

from dataclasses import dataclass
from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType

from services.http import values
from services.http.endpoint import Path, Request, decoding, endpoint, path
from services.network.api.networks import Networks

Json = dict[str, Any]

_RESOURCES: Final = ("network", "subnet", "port", "security_group", "security_group_rule")


class Quota(Struct, forbid_unknown_fields=True):
    """The limits to be set; `check_limit`: none of them below what is used."""

    network: values.Limit | UnsetType = UNSET
    subnet: values.Limit | UnsetType = UNSET
    port: values.Limit | UnsetType = UNSET
    security_group: values.Limit | UnsetType = UNSET
    security_group_rule: values.Limit | UnsetType = UNSET
    check_limit: bool = False
    force: bool = False


class UpdateQuota(Struct, forbid_unknown_fields=True):
    """PUT /quotas/{project}."""

    quota: Quota


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotasFace:
    """The handlers of /quotas."""

    verbs: Networks

    def paths(self) -> tuple[Path, ...]:
        """The routes."""
        return (
            path(
                "/v2.0/quotas/{project_id}",
                GET=endpoint(self.show),
                PUT=decoding(UpdateQuota, self.update),
            ),
            path("/v2.0/quotas/{project_id}/default", GET=endpoint(self.default)),
            path("/v2.0/quotas/{project_id}/details.json", GET=endpoint(self.full)),
        )

    def show(self, request: Request) -> Json:
        """GET /quotas/{project}."""
        usage = self.verbs.usage(request.ctx, request.path["project_id"])
        return {"quota": {name: usage.limits[name] for name in _RESOURCES}}

    def update(self, request: Request, body: UpdateQuota) -> Json:
        """PUT /quotas/{project}: those that are named."""
        wanted = values.given(body.quota, _RESOURCES)
        is_checked = body.quota.check_limit and not body.quota.force
        usage = self.verbs.put_quota(
            request.ctx, request.path["project_id"], wanted, is_forced=not is_checked
        )
        return {"quota": {name: usage.limits[name] for name in _RESOURCES}}

    def default(self, request: Request) -> Json:
        """GET /quotas/{project}/default."""
        limits = self.verbs.default_quota(request.ctx)
        return {"quota": {name: limits[name] for name in _RESOURCES}}

    def full(self, request: Request) -> Json:
        """GET /quotas/{project}/details.json."""
        usage = self.verbs.usage(request.ctx, request.path["project_id"])
        return {
            "quota": {
                name: {"limit": usage.limits[name], "used": usage.used[name], "reserved": 0}
                for name in _RESOURCES
            }
        }
