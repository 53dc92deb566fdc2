"""GET /explanations/{kind}/{id or name}: why it is as it is, for whoever may see it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from appliance import context, errors, explain, ids, policy
from appliance.db import images, instances, snapshots, volumes
from appliance.explain.explanation import Evidence, Explanation
from appliance.model.states import VmState
from services.api.cloud import objects
from services.http.endpoint import Path, Request, endpoint, path
from services.scheduler.api.capacity import Capacity

Json = dict[str, Any]

# kinds of which each project sees its own
_VISIBLE: Final[dict[str, Callable[..., object]]] = {
    "instance": instances.get_visible,
    "volume": volumes.get_visible,
    "snapshot": snapshots.get_visible,
    "image": images.get_visible,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanations:
    """The handler."""

    evidence: Evidence
    capacity: Capacity

    def paths(self) -> tuple[Path, ...]:
        """The route."""
        return (path("/v1/explanations/{kind}/{key}", GET=endpoint(self.show)),)

    def show(self, request: Request) -> Json:
        """GET /explanations/{kind}/{id}."""
        ctx, kind = request.ctx, request.path["kind"]
        policy.check(ctx, "novabox:explain")
        key = self._key(ctx, kind, request.path["key"])
        self._check_visible(ctx, kind, key)
        found = explain.explain(self.evidence, kind, key)
        if kind == "instance":
            found = self._advised(ctx, key, found)
        return {"explanation": asdict(found)}

    def _key(self, ctx: context.RequestContext, kind: str, key: str) -> str:
        """The id of what is meant: a person at a shell has only its name. Raises Conflict."""
        if kind not in _VISIBLE or ids.is_uuid(key):
            return key
        named = [
            seen.id
            for seen in objects.everything(self.evidence.db, kind, ctx)
            if seen.view["name"] == key
        ]
        if len(named) > 1:
            raise errors.Conflict(f"{len(named)} of kind {kind} are named {key}: give an id.")
        return named[0] if named else key

    def _check_visible(self, ctx: context.RequestContext, kind: str, key: str) -> None:
        if kind in _VISIBLE:
            _VISIBLE[kind](self.evidence.db, key, ctx)
        if kind == "project" and not (ctx.is_admin or key == ctx.project_id):
            raise errors.NotFound(kind, key)

    def _advised(self, ctx: context.RequestContext, key: str, found: Explanation) -> Explanation:
        """What would help an instance that no host took: the scheduler knows."""
        instance = instances.get(self.evidence.db, key)
        if instance.vm_state is not VmState.ERROR or instance.host is not None:
            return found
        advice = self.capacity.advice(ctx, instance)
        return replace(found, advice=(advice, *found.advice)) if advice else found
