"""Where an instance goes: decided from the rows, and claimed in the transaction that read them.

The worker places with it; a dry run places with it too, and takes it back. Rings nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from appliance import config, errors
from appliance.db import connection, hosts, instances
from appliance.model.flavor import Flavor
from appliance.model.host import Host
from appliance.model.instance import Instance
from appliance.model.states import Event
from services.scheduler import chooser, filters
from services.scheduler.filters import Request, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The host that takes a request, None when none does; and what was said of each."""

    chosen: Host | None
    verdicts: tuple[Verdict, ...]

    @property
    def refusals(self) -> list[errors.Refusal]:
        """Why each host that was refused was."""
        return [refusal for verdict in self.verdicts for refusal in verdict.refusals]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placer:
    """Sifts hosts and lets `chooser` pick; may be used by many threads."""

    settings: config.Scheduler
    chooser: chooser.Chooser

    def decide(self, candidates: Sequence[Host], request: Request) -> Decision:
        """Whom we would choose, and why each other was refused; changes nothing."""
        verdicts = filters.sift(candidates, request, self.settings)
        fit = [verdict.host for verdict in verdicts if verdict.is_fit]
        chosen = self.chooser.choose(fit, request) if fit else None
        return Decision(chosen=chosen, verdicts=verdicts)

    def place(self, tx: connection.Transaction, instance: Instance) -> Decision:
        """Decide for the instance and take the room of the host chosen, if one was."""
        decision = self.decide(hosts.all_hosts(tx), request_of(instance))
        if decision.chosen is not None:
            instances.advance(tx, instance, Event.SCHEDULED, host=decision.chosen.name)
        return decision


def open_placer(settings: config.Settings) -> Placer:
    """The placer of a cloud. Raises ConfigError for a chooser that is none."""
    return Placer(settings=settings.scheduler, chooser=chooser.load(settings.scheduler.driver))


def request_of(wanted: Instance | Flavor, *, zone: str = "") -> Request:
    """What an instance asks of a host, or one of that flavor would."""
    return Request(
        vcpus=wanted.vcpus, memory_mib=wanted.memory_mib, disk_gib=wanted.disk_gib,
        zone=wanted.zone if isinstance(wanted, Instance) else zone,
    )  # fmt: skip
