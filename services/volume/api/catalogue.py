"""What there is to choose from, and how much of it: types, zones, services, limits."""

from collections.abc import Mapping
from dataclasses import dataclass

from appliance import context, errors, policy, quota
from appliance.db import connection, services, volumes
from appliance.model.host import Service
from services.volume.api import types
from services.volume.api.types import VolumeType


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The verbs; may be used by many threads."""

    db: connection.Database
    place: types.Place

    def types(self, ctx: context.RequestContext) -> list[VolumeType]:
        """Every volume type, the default first."""
        policy.check(ctx, "volume_extension:types:get")
        return list(self.place.types)

    def type(self, ctx: context.RequestContext, key: str) -> VolumeType:
        """The type with this id or name. Raises NotFound."""
        policy.check(ctx, "volume_extension:types:get")
        return types.named(self.place.types, key)

    def zones(self, ctx: context.RequestContext) -> list[str]:
        """Availability zones that have volumes."""
        policy.check(ctx, "volume:get_all")
        return [self.place.zone]

    def services(self, ctx: context.RequestContext) -> list[Service]:
        """The processes that serve volumes, by topic."""
        policy.check(ctx, "volume_extension:services:index")
        return [each for each in services.all_services(self.db) if each.name == "volume"]

    def usage(self, ctx: context.RequestContext) -> quota.Usage:
        """The limits of the caller's project and what it uses of them."""
        policy.check(ctx, "limits_extension:used_limits")
        return self._usage(ctx.project_id)

    def quota_set(self, ctx: context.RequestContext, project_id: str) -> quota.Usage:
        """The limits of one's own project and its use; of any for an admin."""
        policy.check(ctx, "volume_extension:quotas:show")
        if not (ctx.is_admin or project_id == ctx.project_id):
            raise errors.Forbidden(
                "Policy doesn't allow volume_extension:quotas:show to be performed."
            )
        return self._usage(project_id)

    def put_quota(
        self,
        ctx: context.RequestContext,
        project_id: str,
        wanted: Mapping[str, int],
        *,
        is_forced: bool = False,
    ) -> quota.Usage:
        """Give a project limits of its own. Raises Forbidden, BadRequest."""
        policy.check(ctx, "volume_extension:quotas:update")
        with self.db.transaction() as tx:
            return quota.put(tx, project_id, wanted, is_forced=is_forced)

    def _usage(self, project_id: str) -> quota.Usage:
        return quota.Usage(
            limits=quota.limits(self.db, project_id), used=volumes.usage(self.db, project_id)
        )
