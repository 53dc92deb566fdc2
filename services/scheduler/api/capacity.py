"""What room there is, who has it, what still fits, and why something does not.

Asked of the same filters that a launch has to pass: what fits here is placed there.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from appliance import clock, context, policy
from appliance.db import capacity_samples, connection, flavors, hosts, instances
from appliance.model.flavor import Flavor
from appliance.model.host import Host, Sample
from appliance.model.instance import Instance
from appliance.model.states import VmState
from services.scheduler import forecast, placement, wording
from services.scheduler.filters import Check, Request, Verdict
from services.scheduler.forecast import Forecast
from services.scheduler.placement import Placer


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How many more of a flavor fit; of none why, and which instance would have to go."""

    flavor: Flavor
    count: int
    why_not: str = ""
    refusals: tuple[Check, ...] = ()
    in_the_way: Instance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Imagined:
    """Where an instance that nobody asked for would go; None: nowhere, and why."""

    flavor: Flavor
    host: str | None
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """All of it, with what is imagined counted in. `instances` are those that have a host.

    `limits` is by host and resource what may be given away: what there is times the ratio.
    """

    hosts: tuple[Host, ...]
    limits: dict[str, dict[str, int]]
    up: frozenset[str]
    instances: tuple[Instance, ...]
    imagined: tuple[Imagined, ...]
    fits: tuple[Fit, ...]
    history: tuple[Sample, ...]
    forecasts: tuple[Forecast, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """The verbs; may be used by many threads."""

    db: connection.Database
    placer: Placer

    def room(self, ctx: context.RequestContext, imagined: Sequence[str] = ()) -> Room:
        """How it is now; with `imagined`, ids or names of flavors, as if one of each ran too.

        Advice names only instances that the caller may see. Raises NotFound for a flavor.
        """
        policy.check(ctx, "novabox:get_capacity")
        found = hosts.all_hosts(self.db)
        placed = [one for host in found for one in instances.on_host(self.db, host.name)]
        wanted = [flavors.get_named(self.db, name) for name in imagined]
        found, thought = self._imagine(found, wanted)
        visible = [one for one in placed if ctx.is_admin or one.project_id == ctx.project_id]
        limits = {host.name: self._limits(host) for host in found}
        since = clock.stamp(clock.now() - capacity_samples.KEPT_S)
        history = capacity_samples.since(self.db, since)
        return Room(
            hosts=tuple(found), limits=limits, up=self._up(found), instances=tuple(placed),
            imagined=tuple(thought),
            fits=tuple(self._fit(found, one, visible) for one in flavors.all_flavors(self.db)),
            history=tuple(history),
            forecasts=tuple(forecast.forecasts(history, _sum(limits.values()))),
        )  # fmt: skip

    def advice(self, ctx: context.RequestContext, instance: Instance) -> str:
        """What would help an instance that no host took: said of how it is now."""
        found = hosts.all_hosts(self.db)
        request = placement.request_of(instance)
        decision = self.placer.decide(found, request)
        if decision.chosen:
            return f"It would fit on {decision.chosen.name} now: run it again."
        placed = [one for host in found for one in instances.on_host(self.db, host.name)]
        visible = [one for one in placed if ctx.is_admin or one.project_id == ctx.project_id]
        blocker = self._in_the_way(found, request, visible)
        return wording.delete(blocker) if blocker else ""

    def _limits(self, host: Host) -> dict[str, int]:
        ratios = self.placer.settings
        return {
            "vcpus": int(host.vcpus * ratios.cpu_allocation_ratio),
            "memory_mib": int(host.memory_mib * ratios.ram_allocation_ratio),
            "disk_gib": int(host.disk_gib * ratios.disk_allocation_ratio),
        }

    def _up(self, found: Sequence[Host]) -> frozenset[str]:
        nothing = Request(vcpus=0, memory_mib=0, disk_gib=0)
        verdicts = self.placer.decide(found, nothing).verdicts
        return frozenset(one.host.name for one in verdicts if one.is_willing)

    def _imagine(
        self, found: Sequence[Host], wanted: Sequence[Flavor]
    ) -> tuple[list[Host], list[Imagined]]:
        now, thought = list(found), list[Imagined]()
        for flavor in wanted:
            decision = self.placer.decide(now, placement.request_of(flavor))
            chosen = decision.chosen
            why_not = "" if chosen else wording.why_not(decision.verdicts)
            thought.append(
                Imagined(flavor=flavor, host=chosen.name if chosen else None, why_not=why_not)
            )
            now = [_changed(host, flavor, by=1) if host is chosen else host for host in now]
        return now, thought

    def _fit(self, found: Sequence[Host], flavor: Flavor, visible: Sequence[Instance]) -> Fit:
        request = placement.request_of(flavor)
        verdicts = self.placer.decide(found, request).verdicts
        count = sum(_count(verdict) for verdict in verdicts)
        if count:
            return Fit(flavor=flavor, count=count)
        blocker = self._in_the_way(found, request, visible)
        best = wording.best(verdicts)
        return Fit(
            flavor=flavor, count=0, in_the_way=blocker,
            refusals=best.refused if best else (),
            why_not=wording.joined(wording.why_not(verdicts), wording.delete(blocker)),
        )  # fmt: skip

    def _in_the_way(
        self, found: Sequence[Host], request: Request, visible: Sequence[Instance]
    ) -> Instance | None:
        """The smallest one whose going would let the request fit."""
        candidates = sorted(visible, key=lambda one: (one.memory_mib, one.vcpus, one.name))
        for instance in candidates:
            for host in _without(found, instance):
                if self.placer.decide([host], request).chosen:
                    return instance
        return None


def _without(found: Sequence[Host], instance: Instance) -> Iterator[Host]:
    """Its host, as if the instance were not there; a failed one takes no room anyway."""
    if instance.vm_state is not VmState.ERROR:
        yield from (_changed(host, instance, by=-1) for host in found if host.name == instance.host)


def _changed(host: Host, what: Flavor | Instance, *, by: int) -> Host:
    return dataclasses.replace(
        host,
        vcpus_used=host.vcpus_used + by * what.vcpus,
        memory_mib_used=host.memory_mib_used + by * what.memory_mib,
        disk_gib_used=host.disk_gib_used + by * what.disk_gib,
        instances=host.instances + by,
    )


def _count(verdict: Verdict) -> int:
    """How many such requests fit on the host, one after another."""
    if not verdict.is_fit:
        return 0
    return min(check.free // check.asked for check in verdict.checks if check.asked and check.free)


def _sum(limits: Iterable[dict[str, int]]) -> dict[str, int]:
    every = list(limits)
    return {name: sum(one[name] for one in every) for name in forecast.RESOURCES}
