"""Ports: what a request may ask of them. An instance's own come and go with it."""

from collections.abc import Iterable
from dataclasses import dataclass

from appliance import context, errors, policy
from appliance import queue as topics
from appliance.db import connection, fixed_ips, journal, networks, ports, subnets
from appliance.model.journal import Inverse
from appliance.model.network import Port
from services.network.api import access


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The verbs; may be used by many threads."""

    db: connection.Database
    queue: topics.Queue

    def of_project(self, ctx: context.RequestContext) -> list[Port]:
        """The project's ports; all for an admin."""
        policy.check(ctx, "get_port")
        return ports.of_project(self.db, None if ctx.is_admin else ctx.project_id)

    def get(self, ctx: context.RequestContext, port_id: str) -> Port:
        """One port. Raises NotFound."""
        policy.check(ctx, "get_port")
        return access.own_port(self.db, ctx, port_id)

    def create(
        self,
        ctx: context.RequestContext,
        *,
        network_id: str,
        name: str = "",
        group_ids: Iterable[str] | None = None,
    ) -> Port:
        """A port of no instance, with an address of the network's subnet.

        `group_ids` None is the project's default group. Raises NotFound, Conflict when the subnet
        is full.
        """
        policy.check(ctx, "create_port")
        with self.db.transaction() as tx:
            networks.get_visible(tx, network_id, ctx)
            access.check_quota(tx, ctx, "port")
            port = ports.create(
                tx,
                network_id=network_id,
                project_id=ctx.project_id,
                name=name,
                security_group_ids=access.group_ids(tx, ctx, group_ids),
            )
            for subnet in subnets.of_network(tx, network_id):
                fixed_ips.allocate(tx, subnet, port.id)
            _note(tx, ctx, "port.create", port)
            return ports.get(tx, port.id)

    def update(
        self,
        ctx: context.RequestContext,
        port_id: str,
        *,
        name: str | None = None,
        group_ids: Iterable[str] | None = None,
    ) -> Port:
        """Rename a port, or put it into other groups; None leaves either as it is."""
        policy.check(ctx, "update_port")
        with self.db.transaction() as tx:
            port = access.own_port(tx, ctx, port_id)
            args = {
                "port_id": port_id,
                "name": None if name is None else port.name,
                "group_ids": None if group_ids is None else list(port.security_group_ids),
            }
            _note(tx, ctx, "port.update", port, Inverse(verb="port.update", args=args))
            if name is not None:
                ports.rename(tx, port_id, name)
            if group_ids is not None:
                ports.set_security_groups(tx, port_id, access.group_ids(tx, ctx, group_ids))
        if group_ids is not None:
            access.refresh_hosts(self.db, self.queue)
        return ports.get(self.db, port_id)

    def delete(self, ctx: context.RequestContext, port_id: str) -> None:
        """Delete a port of no instance. Raises Conflict for one that an instance uses."""
        policy.check(ctx, "delete_port")
        with self.db.transaction() as tx:
            port = access.own_port(tx, ctx, port_id)
            if port.instance_id:
                raise errors.Conflict(
                    f"Port {port_id} is in use by server {port.instance_id}: delete that first."
                )
            _note(tx, ctx, "port.delete", port)
            ports.delete(tx, port_id)


def _note(
    tx: connection.Transaction,
    ctx: context.RequestContext,
    action: str,
    port: Port,
    inverse: Inverse | None = None,
) -> None:
    journal.note_of(tx, ctx, action, port, inverse, name=port.name or port.mac)
