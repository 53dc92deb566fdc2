"""Quotas and limits: /os-quota-sets, /limits (Cinder, api/contrib/quotas.py)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType

from appliance import quota
from services.api.volume import listing
from services.http import values
from services.http.endpoint import Path, Request, decoding, endpoint, path
from services.volume.api.catalogue import Catalogue

Json = dict[str, Any]

_RESOURCES: Final = ("volumes", "snapshots", "gigabytes")

# the absolute limits by our resource: (its limit, what is used of it)
_ABSOLUTE: Final = {
    "volumes": ("maxTotalVolumes", "totalVolumesUsed"),
    "snapshots": ("maxTotalSnapshots", "totalSnapshotsUsed"),
    "gigabytes": ("maxTotalVolumeGigabytes", "totalGigabytesUsed"),
}
# what there is none of here, and that clients look for
_NONE: Final = ("backups", "backup_gigabytes", "groups")
_NONE_ABSOLUTE: Final = (
    "maxTotalBackups", "totalBackupsUsed", "maxTotalBackupGigabytes", "totalBackupGigabytesUsed",
)  # fmt: skip


class Quotas(Struct, forbid_unknown_fields=True):
    """The limits to be set; `skip_validation`: also below what is used."""

    volumes: values.Limit | UnsetType = UNSET
    snapshots: values.Limit | UnsetType = UNSET
    gigabytes: values.Limit | UnsetType = UNSET
    skip_validation: bool = False


class UpdateQuotas(Struct, forbid_unknown_fields=True):
    """PUT /os-quota-sets/{project}."""

    quota_set: Quotas


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotasFace:
    """The handlers."""

    verbs: Catalogue

    def paths(self) -> tuple[Path, ...]:
        """The routes; `owner_id` is the project asked about."""
        return (
            path("/limits", GET=endpoint(self.limits)),
            path(
                "/os-quota-sets/{owner_id}",
                GET=endpoint(self.show),
                PUT=decoding(UpdateQuotas, self.update),
            ),
            path("/os-quota-sets/{owner_id}/defaults", GET=endpoint(self.defaults)),
        )

    def limits(self, request: Request) -> Json:
        """GET /limits."""
        usage = self.verbs.usage(request.ctx)
        absolute = dict.fromkeys(_NONE_ABSOLUTE, 0)
        for resource, (limit, used) in _ABSOLUTE.items():
            absolute |= {limit: usage.limits[resource], used: usage.used[resource]}
        return {"limits": {"rate": [], "absolute": absolute}}

    def show(self, request: Request) -> Json:
        """GET /os-quota-sets/{project}; with `?usage=true` what is used beside each limit."""
        owner_id = request.path["owner_id"]
        usage = self.verbs.quota_set(request.ctx, owner_id)
        if not listing.flag(request, "usage"):
            return _set(owner_id, usage.limits)
        parts = {name: _part(usage.limits[name], usage.used[name]) for name in _RESOURCES} | {
            name: _part(0, 0) for name in _NONE
        }
        return {"quota_set": {"id": owner_id, "per_volume_gigabytes": _part(-1, 0), **parts}}

    def update(self, request: Request, body: UpdateQuotas) -> Json:
        """PUT /os-quota-sets/{project}: those that are named."""
        owner_id = request.path["owner_id"]
        usage = self.verbs.put_quota(
            request.ctx, owner_id, values.given(body.quota_set, _RESOURCES),
            is_forced=body.quota_set.skip_validation,
        )  # fmt: skip
        return _set(owner_id, usage.limits)

    def defaults(self, request: Request) -> Json:
        """GET /os-quota-sets/{project}/defaults."""
        owner_id = request.path["owner_id"]
        self.verbs.quota_set(request.ctx, owner_id)
        return _set(owner_id, quota.DEFAULTS)


def _set(owner_id: str, limits: Mapping[str, int]) -> Json:
    found = {name: limits[name] for name in _RESOURCES} | dict.fromkeys(_NONE, 0)
    return {"quota_set": {"id": owner_id, "per_volume_gigabytes": quota.UNLIMITED, **found}}


def _part(limit: int, used: int) -> Json:
    return {"limit": limit, "in_use": used, "reserved": 0}
