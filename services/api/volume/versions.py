"""The version documents and the extensions (Cinder, api/versions.py, api/views/versions.py)."""

from typing import Any, Final

from services.api.volume import microversions
from services.http.endpoint import Path, Reply, Request, endpoint, path

Json = dict[str, Any]

_UPDATED: Final = "2016-02-08T12:20:21Z"  # when v3 itself was defined

# the extensions of old that this API answers, as clients of the time look for them
_EXTENSIONS: Final = {
    "os-availability-zone": "AvailabilityZones",
    "os-extended-snapshot-attributes": "ExtendedSnapshotAttributes",
    "os-quota-sets": "Quotas",
    "os-services": "Services",
    "os-types-extra-specs": "TypesExtraSpecs",
    "os-used-limits": "UsedLimits",
    "os-vol-host-attr": "VolumeHostAttribute",
    "os-vol-tenant-attr": "VolumeTenantAttribute",
    "os-volume-actions": "VolumeActions",
    "scheduler-stats": "Scheduler_stats",
}


def public_paths() -> tuple[Path, ...]:
    """`/` and `/v3`, for everybody."""
    return (
        path("", GET=endpoint(_choices, is_public=True)),
        path("/v3", GET=endpoint(_versions, is_public=True)),
    )


def paths() -> tuple[Path, ...]:
    """The extensions, for who has a token."""
    return (path("/extensions", GET=endpoint(_extensions)),)


def _choices(request: Request) -> Reply:
    return Reply(body=_versions(request), status=300)


def _versions(request: Request) -> Json:
    described_by = {
        "rel": "describedby",
        "type": "text/html",
        "href": "https://docs.openstack.org/",
    }
    media_type = {
        "base": "application/json",
        "type": "application/vnd.openstack.volume+json;version=3",
    }
    version = {
        "id": "v3.0",
        "status": "CURRENT",
        "version": str(microversions.RANGE.most),
        "min_version": str(microversions.RANGE.least),
        "updated": _UPDATED,
        "links": [described_by, {"rel": "self", "href": f"{request.origin}/volume/v3/"}],
        "media-types": [media_type],
    }
    return {"versions": [version]}


def _extensions(request: Request) -> Json:
    return {
        "extensions": [
            {"alias": alias, "name": name, "description": "", "links": [], "updated": _UPDATED}
            for alias, name in _EXTENSIONS.items()
        ]
    }
