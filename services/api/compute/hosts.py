"""What an operator asks: limits, quotas, services, hypervisors, availability zones."""

from dataclasses import dataclass
from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType

from appliance import clock, errors, processes
from appliance.model.host import Host, Service
from services.compute.api.catalogue import Catalogue
from services.http import values
from services.http.endpoint import Path, Request, decoding, endpoint, path

Json = dict[str, Any]

_SERVICES: Final = {"compute": "nova-compute", "scheduler": "nova-scheduler"}
_QUOTAS: Final = ("instances", "cores", "ram", "key_pairs", "metadata_items")
_SILENT_S: Final = 60.0  # Nova's service_down_time

# the absolute limits by our resource: (its limit, what is used of it)
_ABSOLUTE: Final = {
    "instances": ("maxTotalInstances", "totalInstancesUsed"),
    "cores": ("maxTotalCores", "totalCoresUsed"),
    "ram": ("maxTotalRAMSize", "totalRAMUsed"),
    "security_group": ("maxSecurityGroups", "totalSecurityGroupsUsed"),
}


class Quotas(Struct, forbid_unknown_fields=True):
    """The limits to be set; `force`: also below what is used."""

    instances: values.Limit | UnsetType = UNSET
    cores: values.Limit | UnsetType = UNSET
    ram: values.Limit | UnsetType = UNSET
    key_pairs: values.Limit | UnsetType = UNSET
    metadata_items: values.Limit | UnsetType = UNSET
    force: bool = False


class UpdateQuotas(Struct, forbid_unknown_fields=True):
    """PUT /os-quota-sets/{project}."""

    quota_set: Quotas


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """The handlers."""

    verbs: Catalogue

    def paths(self) -> tuple[Path, ...]:
        """The routes; a list with details comes before the one."""
        hypervisors = "/v2.1/os-hypervisors"
        return (
            path("/v2.1/limits", GET=endpoint(self.limits)),
            path(
                "/v2.1/os-quota-sets/{project_id}",
                GET=endpoint(self.quota_set),
                PUT=decoding(UpdateQuotas, self.update_quotas),
            ),
            path("/v2.1/os-services", GET=endpoint(self.services)),
            path(hypervisors, GET=endpoint(self.hypervisors)),
            path(f"{hypervisors}/detail", GET=endpoint(self.hypervisors_full)),
            path(f"{hypervisors}/statistics", GET=endpoint(self.statistics)),
            path(f"{hypervisors}/{{hypervisor_id}}", GET=endpoint(self.hypervisor)),
            path("/v2.1/os-availability-zone", GET=endpoint(self.zones)),
            path("/v2.1/os-availability-zone/detail", GET=endpoint(self.zones_full)),
        )

    def limits(self, request: Request) -> Json:
        """GET /limits."""
        usage = self.verbs.usage(request.ctx)
        absolute = {
            "maxServerMeta": usage.limits["metadata_items"],
            "maxTotalKeypairs": usage.limits["key_pairs"],
            "maxSecurityGroupRules": usage.limits["security_group_rule"],
        }
        for resource, (limit, used) in _ABSOLUTE.items():
            absolute |= {limit: usage.limits[resource], used: usage.used[resource]}
        return {"limits": {"rate": [], "absolute": absolute}}

    def quota_set(self, request: Request) -> Json:
        """GET /os-quota-sets/{project}."""
        project_id = request.path["project_id"]
        limits = self.verbs.quota_set(request.ctx, project_id).limits
        return {"quota_set": {"id": project_id} | {name: limits[name] for name in _QUOTAS}}

    def update_quotas(self, request: Request, body: UpdateQuotas) -> Json:
        """PUT /os-quota-sets/{project}: those that are named."""
        wanted = values.given(body.quota_set, _QUOTAS)
        usage = self.verbs.put_quota(
            request.ctx, request.path["project_id"], wanted, is_forced=body.quota_set.force
        )
        return {"quota_set": {name: usage.limits[name] for name in _QUOTAS}}

    def services(self, request: Request) -> Json:
        """GET /os-services: those that Nova has too."""
        hosts = {host.name: host for host in self.verbs.hosts(request.ctx)}
        query = request.query
        views = [
            _service(index, service, hosts.get(service.host))
            for index, service in enumerate(self.verbs.services(request.ctx), 1)
            if service.name in _SERVICES
        ]
        return {
            "services": [
                view
                for view in views
                if all(query.get(name, view[name]) == view[name] for name in ("host", "binary"))
            ]
        }

    def hypervisors(self, request: Request) -> Json:
        """GET /os-hypervisors."""
        return {"hypervisors": [_brief(*numbered) for numbered in self._numbered(request)]}

    def hypervisors_full(self, request: Request) -> Json:
        """GET /os-hypervisors/detail."""
        return {"hypervisors": [_full(*numbered) for numbered in self._numbered(request)]}

    def hypervisor(self, request: Request) -> Json:
        """GET /os-hypervisors/{id}."""
        key = request.path["hypervisor_id"]
        for number, host in self._numbered(request):
            if str(number) == key:
                return {"hypervisor": _full(number, host)}
        raise errors.NotFound("Hypervisor", key)

    def statistics(self, request: Request) -> Json:
        """GET /os-hypervisors/statistics: the sums over all hosts."""
        rows = [_sizes(host) for host in self.verbs.hosts(request.ctx)]
        sums = {name: sum(row[name] for row in rows) for name in (rows[0] if rows else {})}
        return {"hypervisor_statistics": {"count": len(rows), **sums}}

    def zones(self, request: Request) -> Json:
        """GET /os-availability-zone."""
        return {"availabilityZoneInfo": [_zone(name) for name in self.verbs.zones(request.ctx)]}

    def zones_full(self, request: Request) -> Json:
        """GET /os-availability-zone/detail."""
        zones = self.verbs.zones(request.ctx, with_hosts=True)
        return {
            "availabilityZoneInfo": [
                _zone(name) | {"hosts": {host.name: _zone_services(host) for host in members}}
                for name, members in zones.items()
            ]
        }

    def _numbered(self, request: Request) -> list[tuple[int, Host]]:
        return list(enumerate(self.verbs.hosts(request.ctx), 1))


def _is_recent(seen_at: str) -> bool:
    return clock.now() - clock.seconds(seen_at) < _SILENT_S


def _service(number: int, service: Service, host: Host | None) -> Json:
    is_up = _is_recent(service.seen_at) and processes.is_alive(service.pid)
    return {
        "id": number,
        "binary": _SERVICES[service.name],
        "host": service.host,
        "zone": host.zone if host and service.name == "compute" else "internal",
        "status": "enabled" if host is None or host.is_enabled else "disabled",
        "state": "up" if is_up else "down",
        "updated_at": service.seen_at.removesuffix("Z"),
        "disabled_reason": host.disabled_reason if host else None,
    }


def _brief(number: int, host: Host) -> Json:
    return {
        "id": number,
        "hypervisor_hostname": host.name,
        "state": "up" if _is_recent(host.seen_at) else "down",
        "status": "enabled" if host.is_enabled else "disabled",
    }


def _full(number: int, host: Host) -> Json:
    service = {"id": number, "host": host.name, "disabled_reason": host.disabled_reason}
    return (
        _brief(number, host)
        | _sizes(host)
        | {
            "hypervisor_type": host.hypervisor,
            "hypervisor_version": 0,
            "host_ip": "127.0.0.1",
            "cpu_info": "",
            "service": service,
        }
    )


def _sizes(host: Host) -> dict[str, int]:
    free_gib = host.disk_gib - host.disk_gib_used
    return {
        "vcpus": host.vcpus,
        "vcpus_used": host.vcpus_used,
        "memory_mb": host.memory_mib,
        "memory_mb_used": host.memory_mib_used,
        "free_ram_mb": host.memory_mib - host.memory_mib_used,
        "local_gb": host.disk_gib,
        "local_gb_used": host.disk_gib_used,
        "free_disk_gb": free_gib,
        "disk_available_least": free_gib,
        "running_vms": host.instances,
        "current_workload": 0,
    }


def _zone(name: str) -> Json:
    return {"zoneName": name, "zoneState": {"available": True}, "hosts": None}


def _zone_services(host: Host) -> Json:
    state = {
        "available": _is_recent(host.seen_at),
        "active": bool(host.is_enabled),
        "updated_at": host.seen_at.removesuffix("Z"),
    }
    return {_SERVICES["compute"]: state}
