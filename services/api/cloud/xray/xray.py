"""Which object is looked through, for whom; and all of them at once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from appliance import config, context, errors, policy, queue
from appliance.db import connection, hosts
from services.api.cloud import objects
from services.api.cloud.xray import image, instance, kept, network, node, volume
from services.api.cloud.xray.looks import Looks
from services.api.cloud.xray.node import Node
from services.api.cloud.xray.parts import Sources

Json = dict[str, Any]
_Tree = Callable[[Sources, context.RequestContext, str], Node]

_TREES: Final[dict[str, _Tree]] = {
    "instance": lambda at, _, key: instance.tree(at, key),
    "volume": lambda at, _, key: volume.tree(at, key),
    "snapshot": lambda at, _, key: volume.snapshot_tree(at, key),
    "image": image.tree,
    "network": network.tree,
    "container": kept.container,
    "object": kept.object_,
}
KINDS: Final = tuple(_TREES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Xray:
    """The verbs."""

    settings: config.Settings
    db: connection.Database
    queue: queue.Queue

    def show(self, ctx: context.RequestContext, kind: str, object_id: str) -> Json:
        """One object's tree. Raises NotFound also for what `ctx` may not see, BadRequest."""
        policy.check(ctx, "novabox:xray")
        if kind not in _TREES:
            raise errors.BadRequest(f"no x-ray of a {kind}; known: {', '.join(KINDS)}")
        if kind not in kept.KINDS:  # those have no row in our database
            seen = objects.find(self.db, kind, object_id)
            if seen is None or not seen.is_for(ctx):
                raise errors.NotFound(kind, object_id)
        return node.view(_TREES[kind](self._sources(), ctx, object_id))

    def volumes(self, ctx: context.RequestContext) -> list[Json]:
        """What each volume of `ctx` takes on the disk; None where its worker does not answer."""
        policy.check(ctx, "novabox:xray")
        at = self._sources(is_everything=True)
        used = []
        for seen in objects.everything(self.db, "volume", ctx):
            found = at.looks.volumes(seen.view["host"]).part("volumes", seen.id)
            used.append({"id": seen.id, "used_bytes": found["used_bytes"] if found else None})
        return used

    def everything(self, ctx: context.RequestContext) -> Json:
        """All that does not agree anywhere, and all that could not be looked at."""
        policy.check(ctx, "novabox:fsck")
        at = self._sources(is_everything=True)
        checked, found = 0, []
        for kind in KINDS:
            for seen in objects.everything(self.db, kind, ctx):
                checked += 1
                tree = self._tree(at, ctx, kind, seen.id)
                found += [(kind, seen.id, one) for one in (node.findings(tree) if tree else ())]
        found += [("host", host, one) for host, one in self._strays(at)]
        return {
            "checked": checked,
            "mismatches": [_finding(*one) for one in found if not one[2].is_unknown],
            "unknown": [_finding(*one) for one in found if one[2].is_unknown],
        }

    def _tree(
        self, at: Sources, ctx: context.RequestContext, kind: str, object_id: str
    ) -> Node | None:
        """None for what was deleted while we looked."""
        try:
            return _TREES[kind](at, ctx, object_id)
        except errors.NotFound:
            return None

    def _strays(self, at: Sources) -> Iterator[tuple[str, node.Finding]]:
        """What is on a host and no row wants."""
        for host in hosts.all_hosts(self.db):
            for what, look in (
                ("guest", at.looks.guests(host.name)),
                ("device", at.looks.wiring(host.name)),
                ("volume", at.looks.volumes(host.name)),
            ):
                for name in (look.value or {}).get("strays", ()):
                    text = (
                        "no row wants it here; its worker removes it when it sees it twice (30 s)"
                    )
                    yield host.name, node.Finding(path=f"{host.name} › {what} {name}", text=text)

    def _sources(self, *, is_everything: bool = False) -> Sources:
        looks = Looks(run_dir=self.settings.run_dir, is_everything=is_everything)
        return Sources(db=self.db, queue=self.queue, looks=looks)


def _finding(kind: str, object_id: str, found: node.Finding) -> Json:
    return {"kind": kind, "id": object_id, "path": found.path, "text": found.text}
