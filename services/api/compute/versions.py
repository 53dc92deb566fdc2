"""The version documents and the list of extensions (Nova, api/openstack/compute/versionsV21.py)."""

from typing import Any, Final

from appliance import errors
from services.api.compute import microversions
from services.http.endpoint import Path, Request, endpoint, path

_UPDATED: Final = "2013-07-23T11:33:21Z"  # when v2.1 itself was defined

# the extensions of old that this API answers, as clients of the time look for them
_EXTENSIONS: Final = {
    "os-availability-zone": "AvailabilityZone",
    "os-console-output": "ConsoleOutput",
    "os-extended-volumes": "ExtendedVolumes",
    "os-hypervisors": "Hypervisors",
    "os-keypairs": "Keypairs",
    "os-security-groups": "SecurityGroups",
    "os-services": "Services",
    "os-user-data": "UserData",
}


def paths() -> tuple[Path, ...]:
    """`/` and `/v2.1` for everybody; the extensions for who has a token."""
    return (
        path("", GET=endpoint(lambda request: {"versions": [_version(request)]}, is_public=True)),
        path(
            "/v2.1",
            GET=endpoint(lambda request: {"version": _described(request)}, is_public=True),
        ),
        path("/v2.1/extensions", GET=microversions.answering(endpoint(_extensions))),
        path("/v2.1/extensions/{alias}", GET=microversions.answering(endpoint(_extension))),
    )


def _version(request: Request) -> dict[str, Any]:
    return {
        "id": "v2.1",
        "status": "CURRENT",
        "version": str(microversions.MAX),
        "min_version": str(microversions.MIN),
        "updated": _UPDATED,
        "links": [{"rel": "self", "href": f"{request.origin}/compute/v2.1/"}],
    }


def _described(request: Request) -> dict[str, Any]:
    media_type = {
        "base": "application/json",
        "type": "application/vnd.openstack.compute+json;version=2.1",
    }
    return {**_version(request), "media-types": [media_type]}


def _extensions(request: Request) -> dict[str, Any]:
    return {"extensions": [_entry(alias) for alias in _EXTENSIONS]}


def _extension(request: Request) -> dict[str, Any]:
    alias = request.path["alias"]
    if alias not in _EXTENSIONS:
        raise errors.NotFound("extension", alias)
    return {"extension": _entry(alias)}


def _entry(alias: str) -> dict[str, Any]:
    return {
        "alias": alias,
        "name": _EXTENSIONS[alias],
        "description": "",
        "links": [],
        "namespace": "http://docs.openstack.org/compute/ext/fake_xml",
        "updated": "2014-12-03T00:00:00Z",
    }
