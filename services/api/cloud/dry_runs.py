"""/dry-runs: what running, attaching, detaching or deleting would do, by the verb itself.

The verb that would do it is rehearsed (`services/api/rehearsals.py`): what is refused here is
refused there, in the same words. A refusal is part of the plan, not of the answer's status.
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from msgspec import Struct

from appliance import clock, context, errors, quota
from appliance.db import connection, ec2_ids, images, instances, journal
from appliance.db.changes import Change
from appliance.errors import NovaboxError
from appliance.model.instance import Instance
from services.api import rehearsals
from services.api.cloud import consequences
from services.api.cloud.consequences import Consequences
from services.api.compute import server_bodies
from services.api.verbs import Verbs
from services.compute.api.run_request import RunRequest
from services.http import faults
from services.http.endpoint import Path, Request, decoding, path
from services.scheduler.api.placing import Placing
from services.scheduler.placement import Decision

Json = dict[str, Any]

IMAGE_CACHED_S: Final = 24 * 3600.0  # for so long a host keeps an image that nothing runs from


class Attachment(Struct, forbid_unknown_fields=True):
    """A volume and the server that is to get it, or to let it go."""

    server_id: str
    volume_id: str


class Deletion(Struct, forbid_unknown_fields=True):
    """What is to be deleted; `id` of a key pair is its name."""

    kind: str
    id: str


@dataclass(slots=True)
class _Seen:
    """What was seen while a launch was rehearsed."""

    used: dict[str, int] = field(default_factory=dict)
    shares: list[errors.Share] = field(default_factory=list)
    made: list[Instance] = field(default_factory=list)
    placed: int = 0
    decision: Decision = field(default_factory=lambda: Decision(chosen=None, verdicts=()))


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRuns:
    """The handlers."""

    db: connection.Database
    verbs: Verbs
    placing: Placing

    def paths(self) -> tuple[Path, ...]:
        """The routes."""
        return (
            path("/v1/dry-runs/run", POST=decoding(server_bodies.CreateServer, self.run)),
            path("/v1/dry-runs/attach", POST=decoding(Attachment, self.attach)),
            path("/v1/dry-runs/detach", POST=decoding(Attachment, self.detach)),
            path("/v1/dry-runs/delete", POST=decoding(Deletion, self.delete)),
        )

    def run(self, request: Request, body: server_bodies.CreateServer) -> Json:
        """POST /dry-runs/run: the host, every filter's numbers, the quota, and the image."""
        project_id, seen = request.ctx.project_id, _Seen()

        def first(tx: connection.Transaction) -> None:
            seen.used = dict(quota.usage(tx, project_id).used)

        def last(tx: connection.Transaction, touched: Sequence[Change]) -> None:
            seen.shares = _taken(tx, project_id, seen.used)
            seen.made = [
                instances.get(tx, one.object_id) for one in touched if one.kind == instances.NOUN
            ]
            trial = self.placing.try_out(tx, seen.made)
            seen.placed, seen.decision = trial.placed, trial.decision

        asked: list[RunRequest] = []

        def act() -> None:
            asked.append(server_bodies.run_request(body.server))
            self.verbs.instances.run(request.ctx, asked[0])

        refusal = rehearsals.rehearse(act, first=first, last=last)
        if refusal is not None and asked:
            self._consider(seen, asked[0], refusal)
        elif seen.placed < len(seen.made):
            refusal = errors.NoValidHost(seen.decision.refusals)
        return {"plan": self._run_plan(seen, asked, refusal)}

    def _consider(self, seen: _Seen, asked: RunRequest, refusal: NovaboxError) -> None:
        """What hosts would say of a launch that is refused before it comes to them."""
        if isinstance(refusal, errors.OverQuota):
            seen.shares = list(refusal.shares)
        try:
            seen.decision = self.placing.consider(self.db, asked.flavor, zone=asked.zone)
        except errors.NotFound:
            return  # the refusal says so

    def _run_plan(
        self, seen: _Seen, asked: Sequence[RunRequest], refusal: NovaboxError | None
    ) -> Json:
        chosen = seen.decision.chosen
        image_id = asked[0].image_id if asked else None
        return {
            "host": chosen.name if chosen and refusal is None else None,
            "hosts": [
                {
                    "name": verdict.host.name,
                    "is_chosen": refusal is None and verdict.host is chosen,
                    "checks": [asdict(check) for check in verdict.checks],
                }
                for verdict in seen.decision.verdicts
            ],
            "count": {"asked": len(seen.made), "placed": seen.placed},
            "quota": [share_view(share) for share in seen.shares],
            "image": self._image(image_id, chosen.name if chosen else ""),
            "refusal": _refusal(refusal),
        }

    def _image(self, image_id: str | None, host: str) -> Json | None:
        """Its size, and whether the host has it: it keeps what runs, and what ran lately."""
        try:
            image = images.get(self.db, image_id) if image_id else None
        except errors.NotFound:
            return None
        if image is None:
            return None
        since = clock.stamp(clock.now() - IMAGE_CACHED_S)
        is_cached = instances.has_run(self.db, image_id=image.id, host=host, since=since)
        ec2_id = ec2_ids.of(self.db, "ami", image.id)
        return {"is_cached": is_cached, "size_bytes": image.size_bytes, "ec2_id": ec2_id}

    def attach(self, request: Request, body: Attachment) -> Json:
        """POST /dry-runs/attach."""
        verb = self.verbs.attachments.attach
        return self._attachment(
            request.ctx,
            lambda: verb(request.ctx, body.server_id, body.volume_id),
            lambda tx: consequences.of_attaching(tx, body.volume_id),
        )

    def detach(self, request: Request, body: Attachment) -> Json:
        """POST /dry-runs/detach."""
        verb = self.verbs.attachments.detach
        return self._attachment(
            request.ctx,
            lambda: verb(request.ctx, body.server_id, body.volume_id),
            lambda tx: consequences.of_detaching(tx, body.volume_id),
        )

    def delete(self, request: Request, body: Deletion) -> Json:
        """POST /dry-runs/delete: what goes, what goes with it, and what stays and notices."""
        verb = self._deleting(request).get(body.kind)
        if verb is None:
            known = ", ".join(self._deleting(request))
            raise errors.BadRequest(f"no plan for deleting a {body.kind!r}; known: {known}")
        found = Consequences()

        def first(tx: connection.Transaction) -> None:
            nonlocal found
            with contextlib.suppress(errors.NotFound):  # the verb says so, in its own words
                found = consequences.of_deleting(tx, request.ctx, body.kind, body.id)

        noted = _Noted(request.ctx)
        refusal = rehearsals.rehearse(lambda: verb(body.id), first=first, last=noted.look)
        return _plan(found, refusal, noted)

    def _deleting(self, request: Request) -> dict[str, Callable[[str], object]]:
        ctx, verbs = request.ctx, self.verbs
        return {
            "instance": lambda key: verbs.instances.delete(ctx, key),
            "volume": lambda key: verbs.volumes.delete(ctx, key),
            "snapshot": lambda key: verbs.snapshots.delete(ctx, key),
            "image": lambda key: verbs.images.delete(ctx, key),
            "network": lambda key: verbs.networks.delete(ctx, key),
            "subnet": lambda key: verbs.subnets.delete(ctx, key),
            "port": lambda key: verbs.ports.delete(ctx, key),
            "security_group": lambda key: verbs.security_groups.delete(ctx, key),
            "security_group_rule": lambda key: verbs.security_groups.delete_rule(ctx, key),
            "key_pair": lambda key: verbs.key_pairs.delete(ctx, key),
        }

    def _attachment(
        self,
        ctx: context.RequestContext,
        act: Callable[[], object],
        then: Callable[[connection.Transaction], Consequences],
    ) -> Json:
        found, noted = Consequences(), _Noted(ctx)

        def last(tx: connection.Transaction, touched: Sequence[Change]) -> None:
            nonlocal found
            found = then(tx)
            noted.look(tx, touched)

        refusal = rehearsals.rehearse(act, last=last)
        return _plan(found, refusal, noted)


class _Noted:
    """What the verb wrote into the journal: whether it can be undone, and for how long."""

    def __init__(self, ctx: context.RequestContext) -> None:
        self._ctx = ctx
        self.is_undoable = False
        self.undo_s: int | None = None  # None: as long as the journal remembers

    def look(self, tx: connection.Transaction, _touched: Sequence[Change]) -> None:
        """Read it in the verb's transaction."""
        for entry in journal.newest(tx, None, limit=1):
            if entry.request_id == self._ctx.request_id and entry.inverse is not None:
                self.is_undoable = True
                if entry.undo_until is not None:
                    self.undo_s = round(clock.seconds(entry.undo_until) - clock.now())


def _plan(found: Consequences, refusal: NovaboxError | None, noted: _Noted) -> Json:
    then = found if refusal is None else Consequences()
    return {
        "plan": {
            "touches": [asdict(one) for one in then.touches],
            "frees_bytes": then.frees_bytes,
            "is_undoable": noted.is_undoable and refusal is None,
            "undo_s": noted.undo_s if refusal is None else None,
            "refusal": _refusal(refusal),
        }
    }


def share_view(share: errors.Share) -> Json:
    """What a request takes of one limit, as a plan says it."""
    return asdict(share) | {"is_exceeded": share.is_exceeded}


def _taken(
    tx: connection.Transaction, project_id: str, before: dict[str, int]
) -> list[errors.Share]:
    """What was written in `tx` takes of each limit that it takes anything of."""
    now = quota.usage(tx, project_id)
    return [
        errors.Share(
            resource=name, used=before[name], asked=after - before[name], limit=now.limits[name]
        )
        for name, after in now.used.items()
        if after != before[name]
    ]


def _refusal(refusal: NovaboxError | None) -> Json | None:
    if refusal is None:
        return None
    fault = faults.of(refusal)
    return {"code": fault.kind, "message": fault.message, "status": fault.status}
