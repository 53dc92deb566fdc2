"""Places one instance: sift the hosts, choose one, claim its room in the same transaction."""

import logging
from dataclasses import asdict

from appliance import errors, queue, trace
from appliance.db import connection, instances, volumes
from appliance.model.instance import Instance
from appliance.model.states import Event
from services.scheduler import placement

log = logging.getLogger(__name__)


class Manager:
    """The scheduler's work; knows no hypervisor and no network."""

    def __init__(
        self, *, db: connection.Database, queue: queue.Queue, placer: placement.Placer
    ) -> None:
        self._db = db
        self._queue = queue
        self._placer = placer

    def place(self, instance: Instance) -> None:
        """Give the instance a host, and ring that host's network worker.

        Reading what is free and taking it are one transaction: two launches never share the last
        room. A crash before the commit leaves the instance `scheduling`; after it, `networking`.
        Raises NoValidHost with every host's reasons.
        """
        with self._db.transaction() as tx, trace.hop("driver", "place", target="hosts") as span:
            decision = self._placer.place(tx, instance)
            chosen = decision.chosen
            span.note(
                driver=type(self._placer.chooser).__name__,
                chosen=chosen.name if chosen else None,
                refused=[asdict(refusal) for refusal in decision.refusals],
            )
            if chosen is None:
                raise errors.NoValidHost(decision.refusals)
        log.info("instance %s: placed on %s", instance.id, chosen.name)
        self._queue.ring(f"network.{chosen.name}", "allocate", instance.id)

    def give_up(self, instance: Instance, error: Exception) -> None:
        """Write why no host took it; it is nowhere, so all there is to free is its volumes."""
        with self._db.transaction() as tx:
            instances.advance(tx, instance, Event.FAILED_UNPLACED)
            instances.add_fault(tx, instance.id, error)
            had = volumes.let_go(tx, instance.id)
        for volume in had:
            self._queue.ring(f"volume.{volume.host}", "withdraw", volume.id)
