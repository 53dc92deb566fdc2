"""What there is to choose from, and how much of it: flavors, zones, hosts, services, limits."""

from collections.abc import Mapping
from dataclasses import dataclass

from appliance import context, errors, policy, quota
from appliance.db import connection, flavors, hosts, instances, key_pairs, quotas, services
from appliance.model.flavor import Flavor
from appliance.model.host import Host, Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The verbs; may be used by many threads."""

    db: connection.Database

    def flavors(self, ctx: context.RequestContext) -> list[Flavor]:
        """Every flavor, the smallest first."""
        policy.check(ctx, "os_compute_api:os-flavor-manage:list")
        return flavors.all_flavors(self.db)

    def flavor(self, ctx: context.RequestContext, flavor_id: str) -> Flavor:
        """One flavor. Raises NotFound."""
        policy.check(ctx, "os_compute_api:os-flavor-manage:list")
        return flavors.get(self.db, flavor_id)

    def usage(self, ctx: context.RequestContext) -> quota.Usage:
        """The limits of the caller's project and what it uses of them."""
        policy.check(ctx, "os_compute_api:limits")
        used = instances.usage(self.db, ctx.project_id)
        used["key_pairs"] = key_pairs.count(self.db, ctx.user_id)
        used |= quotas.network_usage(self.db, ctx.project_id)
        return quota.Usage(limits=quota.limits(self.db, ctx.project_id), used=used)

    def quota_set(self, ctx: context.RequestContext, project_id: str) -> quota.Usage:
        """The compute limits of one's own project and its use; of any for an admin."""
        policy.check(ctx, "os_compute_api:limits")
        if not (ctx.is_admin or project_id == ctx.project_id):
            raise errors.Forbidden(
                "Policy doesn't allow os_compute_api:os-quota-sets:show to be performed."
            )
        return quota.Usage(
            limits=quota.limits(self.db, project_id), used=instances.usage(self.db, project_id)
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
        policy.check(ctx, "os_compute_api:os-quota-sets:update")
        with self.db.transaction() as tx:
            return quota.put(tx, project_id, wanted, is_forced=is_forced)

    def services(self, ctx: context.RequestContext) -> list[Service]:
        """The processes that serve the cloud, by topic."""
        policy.check(ctx, "os_compute_api:os-services:list")
        return services.all_services(self.db)

    def hosts(self, ctx: context.RequestContext) -> list[Host]:
        """The compute hosts with their room."""
        policy.check(ctx, "os_compute_api:os-hypervisors:list")
        return hosts.all_hosts(self.db)

    def zones(
        self, ctx: context.RequestContext, *, with_hosts: bool = False
    ) -> dict[str, list[Host]]:
        """Availability zones by name, with their hosts; those are for an admin to see."""
        policy.check(ctx, "os_compute_api:os-availability-zone:list")
        if with_hosts:
            policy.check(ctx, "os_compute_api:os-availability-zone:detail")
        zones: dict[str, list[Host]] = {}
        for host in hosts.all_hosts(self.db):
            zones.setdefault(host.zone, []).append(host)
        return dict(sorted(zones.items()))
