"""What there is to choose from: types, zones; for operators: services and pools.

(Cinder, api/v3/types.py and api/contrib/{availability_zones,services,scheduler_stats}.py.)
"""

from dataclasses import dataclass
from typing import Any, Final

from appliance import clock, processes
from appliance.model.host import Service
from services.api.volume import listing, views
from services.http.endpoint import Path, Request, endpoint, path
from services.volume.api.catalogue import Catalogue
from services.volume.api.types import VolumeType

Json = dict[str, Any]

_SILENT_S: Final = 60.0  # Cinder's service_down_time
_BINARY: Final = "cinder-volume"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueFace:
    """The handlers."""

    verbs: Catalogue

    def paths(self) -> tuple[Path, ...]:
        """The routes; the default type comes before the one type."""
        return (
            path("/types", GET=endpoint(self.types)),
            path("/types/default", GET=endpoint(self.default_type)),
            path("/types/{type_id}", GET=endpoint(self.type)),
            path("/types/{type_id}/extra_specs", GET=endpoint(self.extra_specs)),
            path("/os-availability-zone", GET=endpoint(self.zones)),
            path("/os-services", GET=endpoint(self.services)),
            path("/scheduler-stats/get_pools", GET=endpoint(self.pools)),
        )

    def types(self, request: Request) -> Json:
        """GET /types: all of them are public."""
        wanted = request.query.get("is_public", "true").lower()
        found = [] if wanted in ("false", "0") else self.verbs.types(request.ctx)
        return {"volume_types": [_type(one) for one in found]}

    def default_type(self, request: Request) -> Json:
        """GET /types/default."""
        return {"volume_type": _type(self.verbs.types(request.ctx)[0])}

    def type(self, request: Request) -> Json:
        """GET /types/{id}."""
        return {"volume_type": _type(self.verbs.type(request.ctx, request.path["type_id"]))}

    def extra_specs(self, request: Request) -> Json:
        """GET /types/{id}/extra_specs: there are none."""
        self.verbs.type(request.ctx, request.path["type_id"])
        return {"extra_specs": {}}

    def zones(self, request: Request) -> Json:
        """GET /os-availability-zone."""
        return {
            "availabilityZoneInfo": [
                {"zoneName": name, "zoneState": {"available": True}}
                for name in self.verbs.zones(request.ctx)
            ]
        }

    def services(self, request: Request) -> Json:
        """GET /os-services."""
        query = request.query
        return {
            "services": [
                view
                for view in map(self._service, self.verbs.services(request.ctx))
                if query.get("binary", _BINARY) == view["binary"]
                and query.get("host", view["host"]) in (view["host"], view["host"].split("@")[0])
            ]
        }

    def pools(self, request: Request) -> Json:
        """GET /scheduler-stats/get_pools; how much is free only the volume worker knows."""
        is_detailed = listing.flag(request, "detail")
        name = self.verbs.place.volume_type.name
        capabilities = {
            "volume_backend_name": name,
            "storage_protocol": "iSCSI",
            "total_capacity_gb": "unknown",
            "free_capacity_gb": "unknown",
        }
        more = {"capabilities": capabilities} if is_detailed else {}
        return {
            "pools": [
                {"name": f"{one.host}@{name}#{name}", **more}
                for one in self.verbs.services(request.ctx)
            ]
        }

    def _service(self, service: Service) -> Json:
        is_recent = clock.now() - clock.seconds(service.seen_at) < _SILENT_S
        return {
            "binary": _BINARY,
            "host": f"{service.host}@{self.verbs.place.volume_type.name}",
            "zone": self.verbs.place.zone,
            "status": "enabled",
            "state": "up" if is_recent and processes.is_alive(service.pid) else "down",
            "updated_at": views.moment(service.seen_at),
            "disabled_reason": None,
            "frozen": False,
            "replication_status": "disabled",
            "active_backend_id": None,
        }


def _type(one: VolumeType) -> Json:
    return {
        "id": one.id,
        "name": one.name,
        "description": one.description,
        "is_public": True,
        "os-volume-type-access:is_public": True,
        "extra_specs": {},
        "qos_specs_id": None,
    }
