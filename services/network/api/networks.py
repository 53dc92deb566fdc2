"""Networks and the one subnet each has: what a request may ask of them."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from appliance import context, errors, policy, quota
from appliance import queue as topics
from appliance.db import connection, journal, networks, ports, quotas, subnets
from appliance.model.journal import Inverse
from appliance.model.network import Network, Subnet
from services.network.api import access, noting


@dataclass(frozen=True, slots=True, kw_only=True)
class Networks:
    """The verbs; may be used by many threads."""

    mtu: int  # of a network that names none
    db: connection.Database
    queue: topics.Queue

    def visible(self, ctx: context.RequestContext) -> list[Network]:
        """Networks the caller may use: the project's own and the shared ones; all for an admin."""
        policy.check(ctx, "get_network")
        return networks.visible(self.db, ctx)

    def get(self, ctx: context.RequestContext, network_id: str) -> Network:
        """One network. Raises NotFound."""
        policy.check(ctx, "get_network")
        return networks.get_visible(self.db, network_id, ctx)

    def create(
        self,
        ctx: context.RequestContext,
        *,
        name: str,
        is_shared: bool = False,
        mtu: int | None = None,
    ) -> Network:
        """A network without a subnet. Only an admin shares one with every project."""
        policy.check(ctx, "create_network")
        if is_shared:
            policy.check(ctx, "create_network:shared")
        with self.db.transaction() as tx:
            access.check_quota(tx, ctx, "network")
            made = networks.create(
                tx,
                name=name,
                project_id=ctx.project_id,
                mtu=mtu or self.mtu,
                is_shared=is_shared,
            )
            journal.note_of(tx, ctx, "network.create", made)
            return made

    def rename(self, ctx: context.RequestContext, network_id: str, name: str) -> Network:
        """Give a network another name."""
        policy.check(ctx, "update_network")
        with self.db.transaction() as tx:
            network = access.own_network(tx, ctx, network_id, rule="update_network")
            args = {"network_id": network_id, "name": network.name}
            journal.note_of(
                tx, ctx, "network.update", network, Inverse(verb="network.rename", args=args)
            )
            networks.rename(tx, network_id, name)
            return networks.get(tx, network_id)

    def delete(self, ctx: context.RequestContext, network_id: str) -> None:
        """Delete a network with its subnets. Raises Conflict while a port is on it."""
        policy.check(ctx, "delete_network")
        with self.db.transaction() as tx:
            network = access.own_network(tx, ctx, network_id, rule="delete_network")
            if ports.of_network(tx, network_id):
                raise errors.Conflict(
                    f"Unable to complete operation on network {network_id}. There are one or more "
                    f"ports still in use on the network."
                )
            noting.network_deletion(tx, ctx, network)
            networks.delete(tx, network_id)
        access.refresh_hosts(self.db, self.queue)

    def restore(
        self, ctx: context.RequestContext, network: Network, found: Iterable[Subnet]
    ) -> None:
        """Have a deleted network back with its subnets, as they were.

        Raises Conflict when a range was taken since, OverQuota, Forbidden.
        """
        policy.check(ctx, "create_network")
        access.check_owner(ctx, network.project_id)
        with self.db.transaction() as tx:
            access.check_quota(tx, ctx, "network")
            args = {"network_id": network.id}
            inverse = Inverse(verb="network.delete", args=args)
            journal.note_of(tx, ctx, "network.restore", network, inverse)
            networks.insert(tx, network)
            for subnet in found:
                subnets.insert(tx, subnet)

    def subnets_of(self, network: Network) -> list[Subnet]:
        """Subnets of a network that the caller was shown."""
        return subnets.of_network(self.db, network.id)

    def usage(self, ctx: context.RequestContext, project_id: str) -> quota.Usage:
        """Limits and use of one's own project; of any for an admin. Raises NotFound."""
        policy.check(ctx, "get_quota")
        if not (ctx.is_admin or project_id == ctx.project_id):
            raise errors.NotFound("quota", project_id)
        return quota.Usage(
            limits=quota.limits(self.db, project_id),
            used=quotas.network_usage(self.db, project_id),
        )

    def put_quota(
        self,
        ctx: context.RequestContext,
        project_id: str,
        wanted: Mapping[str, int],
        *,
        is_forced: bool = False,
    ) -> quota.Usage:
        """Give a project limits of its own. Raises Forbidden, BadRequest."""
        policy.check(ctx, "update_quota")
        with self.db.transaction() as tx:
            return quota.put(tx, project_id, wanted, is_forced=is_forced)

    def default_quota(self, ctx: context.RequestContext) -> Mapping[str, int]:
        """The limits of a project that has none of its own."""
        policy.check(ctx, "get_quota")
        return quota.DEFAULTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnets:
    """The verbs; may be used by many threads."""

    db: connection.Database
    queue: topics.Queue

    def visible(self, ctx: context.RequestContext) -> list[Subnet]:
        """Subnets of the networks that the caller may use."""
        policy.check(ctx, "get_subnet")
        seen = {network.id for network in networks.visible(self.db, ctx)}
        return [subnet for subnet in subnets.all_subnets(self.db) if subnet.network_id in seen]

    def get(self, ctx: context.RequestContext, subnet_id: str) -> Subnet:
        """One subnet. Raises NotFound."""
        policy.check(ctx, "get_subnet")
        return access.visible_subnet(self.db, ctx, subnet_id)

    def create(
        self,
        ctx: context.RequestContext,
        *,
        network_id: str,
        cidr: str,
        name: str = "",
        gateway_ip: str | None = None,
        dns_servers: tuple[str, ...] = (),
        is_dhcp_enabled: bool = True,
    ) -> Subnet:
        """The range of one of the project's networks. Raises NotFound, BadRequest, Conflict."""
        policy.check(ctx, "create_subnet")
        with self.db.transaction() as tx:
            access.own_network(tx, ctx, network_id, rule="create_subnet")
            access.check_quota(tx, ctx, "subnet")
            made = subnets.create(
                tx,
                network_id=network_id,
                project_id=ctx.project_id,
                cidr=cidr,
                name=name,
                gateway_ip=gateway_ip,
                dns_servers=dns_servers,
                is_dhcp_enabled=is_dhcp_enabled,
            )
            noting.subnet(tx, ctx, "subnet.create", made)
            return made

    def delete(self, ctx: context.RequestContext, subnet_id: str) -> None:
        """Delete a subnet. Raises Conflict while a port has one of its addresses."""
        policy.check(ctx, "delete_subnet")
        with self.db.transaction() as tx:
            subnet = access.visible_subnet(tx, ctx, subnet_id)
            access.own_network(tx, ctx, subnet.network_id, rule="delete_subnet")
            args = {"subnet": asdict(subnet)}
            noting.subnet(
                tx, ctx, "subnet.delete", subnet, Inverse(verb="subnet.restore", args=args)
            )
            subnets.delete(tx, subnet_id)
        access.refresh_hosts(self.db, self.queue)

    def restore(self, ctx: context.RequestContext, subnet: Subnet) -> None:
        """Have a deleted subnet back, as it was. Raises Conflict, NotFound, Forbidden."""
        policy.check(ctx, "create_subnet")
        with self.db.transaction() as tx:
            access.own_network(tx, ctx, subnet.network_id, rule="create_subnet")
            access.check_quota(tx, ctx, "subnet")
            inverse = Inverse(verb="subnet.delete", args={"subnet_id": subnet.id})
            noting.subnet(tx, ctx, "subnet.restore", subnet, inverse)
            subnets.insert(tx, subnet)
        access.refresh_hosts(self.db, self.queue)
