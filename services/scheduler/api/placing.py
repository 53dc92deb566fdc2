"""Placing for show: the scheduler's own decision, in a transaction that is taken back."""

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.db import connection, flavors, hosts
from appliance.model.instance import Instance
from services.scheduler import placement
from services.scheduler.placement import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How many instances got a host, and the decision about the first that got none, or the last
    of all.
    """

    placed: int
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """The verbs; may be used by many threads."""

    placer: placement.Placer

    def try_out(self, tx: connection.Transaction, made: Sequence[Instance]) -> Trial:
        """Place instances that were just written, one after the other, as the worker would."""
        decision, placed = Decision(chosen=None, verdicts=()), 0
        for instance in made:
            decision = self.placer.place(tx, instance)
            if decision.chosen is None:
                break
            placed += 1
        return Trial(placed=placed, decision=decision)

    def consider(self, db: connection.Reader, flavor: str, *, zone: str = "") -> Decision:
        """Where one of that flavor (id or name) would go now. Raises NotFound."""
        request = placement.request_of(flavors.get_named(db, flavor), zone=zone)
        return self.placer.decide(hosts.all_hosts(db), request)
