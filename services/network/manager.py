"""The network worker's work: addresses in the database, then the host as the database says.

Every change ends in `settle`, which applies the whole plan. So a step that was killed anywhere is
finished by the next one, whichever that is. Knows no kernel: see `driver`.
"""

import fcntl
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from appliance import config, context, errors, queue, trace
from appliance.db import connection, fixed_ips, instances, ports, subnets, volumes
from appliance.model.instance import Instance
from appliance.model.network import Port
from appliance.model.states import Event, VmState
from services.network import planner
from services.network.dnsmasq import Lease
from services.network.driver import NetworkDriver, Report
from services.network.plan import HostNetwork, HostPlan

log = logging.getLogger(__name__)

Gateways = Callable[[Mapping[str, str]], None]  # is told network id by gateway address


class Manager:
    """The network of one host. `gateways` is told the gateway addresses after each change."""

    def __init__(
        self,
        *,
        settings: config.Settings,
        db: connection.Database,
        queue: queue.Queue,
        driver: NetworkDriver,
        gateways: Gateways = lambda _: None,
    ) -> None:
        self._settings = settings
        self._db = db
        self._queue = queue
        self._driver = driver
        self._gateways = gateways

    def work(self, instance: Instance) -> None:
        """Do what the row says: wire an instance in build, take away what is deleted or failed."""
        if instance.vm_state is VmState.BUILDING:
            self.allocate(instance)
        else:
            self.release(instance)

    def give_up(self, instance: Instance, error: Exception) -> None:
        """Write why `work` failed for good, in the transaction that ends it."""
        if instance.vm_state is VmState.BUILDING:
            self._give_up_allocate(instance, error)
        else:
            self._give_up_release(instance, error)

    def allocate(self, instance: Instance) -> None:
        """Give the instance its fixed IPs, wire its ports, and ring who goes on.

        That is this host's compute worker; first those that keep the instance's volumes, if any.

        A crash leaves the instance `networking`, with or without addresses and taps: run again, it
        keeps the addresses it has. Raises Conflict when a network is full, NetworkError when the
        host refuses.
        """
        with self._alone():
            with self._db.transaction() as tx:
                wanted = ports.of_instance(tx, instance.id)
                taken = {port.id: self._bind(tx, port) for port in wanted}
            self._apply()
        with self._db.transaction() as tx:
            keepers = {volume.host for volume in volumes.of_instance(tx, instance.id)}
            instances.advance(tx, instance, Event.WIRED_FIRST if keepers else Event.WIRED)
            for port_id in taken:
                ports.set_active(tx, port_id)
        log.info("instance %s: wired with %s", instance.id, list(taken.values()))
        for keeper in keepers:
            self._queue.ring(f"volume.{keeper}", "map", instance.id)
        if not keepers:
            self._queue.ring(f"compute.{self._settings.host}", "spawn", instance.id)

    def release(self, instance: Instance) -> None:
        """Take the instance's taps, rules and addresses away; a deleted one's ports go too.

        Its row alone takes its ports out of the plan, so the addresses are free only after the host
        has let go of them. A crash leaves the row as it is; run again, it does what is left.
        """
        self.settle()
        with self._db.transaction() as tx:
            self._free(tx, instance)

    def refresh(self) -> bool:
        """Make the host as the database says, now; True once it is."""
        self.settle()
        return True

    def settle(self) -> Report:
        """Apply the plan of this moment; one process and one thread at a time."""
        with self._alone():
            return self._apply()

    def look(self) -> tuple[HostPlan, HostNetwork, tuple[Lease, ...]]:
        """What the host should be and what it is, at one moment, and who has which address."""
        with self._alone():
            with self._db.transaction() as tx:
                plan = planner.plan(tx, self._settings, self._settings.host)
            return plan, self._driver.survey(), self._driver.leases()

    def repair(self) -> Report:
        """`settle` without being asked: what it had to do is traced as a request of its own."""
        report = self.settle()
        if report:
            log.warning("host %s: repaired: %s", self._settings.host, report)
            token = context.current.set(context.RequestContext(is_system=True))
            try:
                trace.event(
                    "driver", "repair", target="kernel",
                    created=report.created, changed=report.changed, removed=report.removed,
                )  # fmt: skip
            finally:
                context.current.reset(token)
        return report

    def _give_up_allocate(self, instance: Instance, error: Exception) -> None:
        """Write why it has no network; what was wired of it, and its volumes' exports, go next."""
        with self._db.transaction() as tx:
            instances.advance(tx, instance, Event.FAILED)
            instances.add_fault(tx, instance.id, error, details=_tried(error))
            had = volumes.let_go(tx, instance.id)
        self._queue.ring(f"network.{self._settings.host}", "release", instance.id)
        for volume in had:
            self._queue.ring(f"volume.{volume.host}", "withdraw", volume.id)

    def _give_up_release(self, instance: Instance, error: Exception) -> None:
        """Let the row end, with the reason. Nothing leaks: no later plan has its devices in it."""
        with self._db.transaction() as tx:
            instances.add_fault(tx, instance.id, error, details=_tried(error))
            self._free(tx, instance)

    def _apply(self) -> Report:
        with self._db.transaction() as tx:
            plan = planner.plan(tx, self._settings, self._settings.host)
        with trace.hop("driver", "apply", target="kernel", ports=len(plan.ports)) as span:
            report = self._driver.apply(plan)
            span.note(created=report.created, changed=report.changed, removed=report.removed)
        self._gateways({network.gateway_ip: network.id for network in plan.networks})
        return report

    def _bind(self, tx: connection.Transaction, port: Port) -> tuple[str, ...]:
        """Bind one port to this host and give it an address if it has none; its addresses."""
        if port.host != self._settings.host:
            ports.bind(tx, port.id, self._settings.host)
        if port.fixed_ips:
            return tuple(fixed.ip for fixed in port.fixed_ips)
        return tuple(
            fixed_ips.allocate(tx, subnet, port.id)
            for subnet in subnets.of_network(tx, port.network_id)
        )

    def _free(self, tx: connection.Transaction, instance: Instance) -> None:
        for port in ports.of_instance(tx, instance.id):
            if instance.vm_state is VmState.DELETED:
                ports.delete(tx, port.id)
            else:
                ports.unbind(tx, port.id)
        instances.advance(tx, instance, Event.UNWIRED)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """An older plan must not be applied after a newer one: see NetworkDriver."""
        self._settings.run_dir.mkdir(parents=True, exist_ok=True)
        with (self._settings.run_dir / "network.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _tried(error: Exception) -> str:
    return json.dumps(error.tried) if isinstance(error, errors.HostError) else ""
