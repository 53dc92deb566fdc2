"""GET /capacity: what room there is, who has it, what still fits, and what comes next.

With `?imagine=FLAVOR`, as often as one likes: as if one of that flavor ran too.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

from appliance import context, quota
from appliance.db import connection, projects
from appliance.model.host import Host
from appliance.model.instance import Instance
from appliance.model.project import Project
from services.http.endpoint import Path, Request, endpoint, path
from services.scheduler.api import capacity
from services.scheduler.api.capacity import Fit, Room

Json = dict[str, Any]

IMAGINED_MAX: Final = 50  # of one question: more is no question that a screen shows


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityFace:
    """The handler."""

    db: connection.Database
    verbs: capacity.Capacity

    def paths(self) -> tuple[Path, ...]:
        """The route."""
        return (path("/v1/capacity", GET=endpoint(self.show)),)

    def show(self, request: Request) -> Json:
        """GET /capacity."""
        imagined = [value for name, value in request.pairs if name == "imagine"][:IMAGINED_MAX]
        room = self.verbs.room(request.ctx, imagined)
        return {
            "hosts": [_host(host, room, request.ctx) for host in room.hosts],
            "fits": [_fit(fit) for fit in room.fits],
            "imagined": [
                {"flavor": one.flavor.name, "host": one.host, "why_not": one.why_not}
                for one in room.imagined
            ],
            "quotas": [_quota(self.db, project) for project in self._projects(request.ctx)],
            "history": [asdict(sample) for sample in room.history],
            "forecasts": [asdict(line) for line in room.forecasts],
        }

    def _projects(self, ctx: context.RequestContext) -> list[Project]:
        """Every project for an administrator, else one's own."""
        if ctx.is_admin:
            return [one for one in projects.listed(self.db) if not one.is_domain]
        own = projects.find(self.db, ctx.project_id)
        return [own] if own else []


def _host(host: Host, room: Room, ctx: context.RequestContext) -> Json:
    limits = room.limits[host.name]
    here = [one for one in room.instances if one.host == host.name]
    own = [one for one in here if ctx.is_admin or one.project_id == ctx.project_id]
    others = [one for one in here if one not in own]
    views = [_guest(one) for one in own] + ([_others(others)] if others else [])
    views += [
        _part("", f"{one.flavor.name}?", one.flavor.vcpus, one.flavor.memory_mib,
              one.flavor.disk_gib, "imagined")
        for one in room.imagined
        if one.host == host.name
    ]  # fmt: skip
    return {
        "name": host.name,
        "is_up": host.name in room.up,
        **{name: getattr(host, name) for name in limits},
        **{f"{name}_limit": limit for name, limit in limits.items()},
        **{f"{name}_used": getattr(host, f"{name}_used") for name in limits},
        "instances": views,
    }


def _guest(one: Instance) -> Json:
    return _part(one.id, one.name, one.vcpus, one.memory_mib, one.disk_gib, one.vm_state)


def _others(those: list[Instance]) -> Json:
    """Other projects' instances, as one: their names are their own."""
    return _part(
        "", f"{len(those)} of others", sum(one.vcpus for one in those),
        sum(one.memory_mib for one in those), sum(one.disk_gib for one in those), "others",
    )  # fmt: skip


def _part(key: str, name: str, vcpus: int, memory_mib: int, disk_gib: int, state: str) -> Json:
    return {
        "id": key, "name": name, "vcpus": vcpus, "memory_mib": memory_mib, "disk_gib": disk_gib,
        "state": state,
    }  # fmt: skip


def _fit(fit: Fit) -> Json:
    flavor = fit.flavor
    blocker = fit.in_the_way
    return {
        "flavor": flavor.name,
        "flavor_id": flavor.id,
        "vcpus": flavor.vcpus,
        "memory_mib": flavor.memory_mib,
        "disk_gib": flavor.disk_gib,
        "count": fit.count,
        "why_not": fit.why_not,
        "checks": [asdict(check) for check in fit.refusals],
        "in_the_way": {"id": blocker.id, "name": blocker.name} if blocker else None,
    }


def _quota(db: connection.Reader, project: Project) -> Json:
    usage = quota.usage(db, project.id)
    return {
        "project_id": project.id,
        "project": project.name,
        "resources": [
            {"resource": name, "used": used, "limit": usage.limits[name]}
            for name, used in usage.used.items()
        ],
    }
