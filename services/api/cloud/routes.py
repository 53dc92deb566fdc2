"""The routes of /novabox/v1; answers are JSON, the stream is server-sent events."""

from dataclasses import dataclass
from typing import Any, Final

from appliance import errors, ids, policy, trace
from services.api import events
from services.api.cloud import administration, listener, paths
from services.api.cloud.journal import Journal
from services.api.cloud.workings import Workings
from services.api.cloud.xray import Xray
from services.http import endpoint, faults
from services.http.endpoint import Path, Reply, Request, path
from services.network.api.paths import Paths

Json = dict[str, Any]

_REQUESTS_MAX: Final = 1000
_PREFIX: Final = "/novabox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """The handlers."""

    events: events.Events
    workings: Workings
    administration: administration.Administration
    log: trace.Log
    xray: Xray
    journal: Journal
    paths: Paths
    more: tuple[Path, ...] = ()  # of the API's other modules

    def face(self) -> endpoint.Face:
        """The whole API."""
        return endpoint.Face(
            prefix=_PREFIX, fault=faults.novabox, paths=(*self._paths(), *self.more),
            service_types=("novabox",),
        )  # fmt: skip

    def _paths(self) -> tuple[Path, ...]:
        get = endpoint.endpoint
        return (
            path("/v1", GET=get(_links, is_public=True)),
            path("/v1/events", GET=get(self.follow)),
            path("/v1/requests", GET=get(self.requests)),
            path("/v1/requests/{request_id}", GET=get(self.request)),
            path("/v1/services", GET=get(self.services)),
            path("/v1/hosts", GET=get(self.hosts)),
            *self.administration.paths(),
            path("/v1/status", GET=get(self.status)),
            path("/v1/xray/volumes", GET=get(self.list_used)),
            path("/v1/xray/{kind}/{id:path}", GET=get(self.show_xray)),  # an object's has slashes
            path("/v1/fsck", GET=get(self.fsck)),
            *self.journal.paths(),
            path("/v1/paths", POST=endpoint.decoding(paths.Body, paths.handler(self.paths))),
        )

    def follow(self, request: Request) -> Reply:
        """GET /events."""
        policy.check(request.ctx, "novabox:follow_events")
        return Reply(
            body=self.events.follow(request.ctx, _wanted(request)),
            content_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    def requests(self, request: Request) -> Json:
        """GET /requests: the newest, of one's own project; of all for an administrator."""
        policy.check(request.ctx, "novabox:list_hops")
        limit = administration.number(request, "limit", default=50)
        project_id = None if request.ctx.is_admin else request.ctx.project_id
        found = self.log.requests(limit=min(limit, _REQUESTS_MAX), project_id=project_id)
        return {"requests": found}

    def request(self, request: Request) -> Json:
        """GET /requests/{id}: its hops, parents first; for everybody to whom its id was told."""
        policy.check(request.ctx, "novabox:list_hops")
        key = request.path["request_id"]
        hops = self.log.request(key) if ids.is_request_id(key) else []
        if not hops:
            raise errors.NotFound("request", key)
        return {"hops": [events.hop_view(hop) for hop in hops]}

    def services(self, request: Request) -> Json:
        """GET /services."""
        policy.check(request.ctx, "novabox:list_services")
        return {"services": [seen.view for seen in self.workings.services()]}

    def hosts(self, request: Request) -> Json:
        """GET /hosts."""
        policy.check(request.ctx, "novabox:list_services")
        return {"hosts": [seen.view for seen in self.workings.hosts()]}

    def status(self, request: Request) -> Json:
        """GET /status: what the cloud itself costs."""
        policy.check(request.ctx, "novabox:get_status")
        return self.workings.status()

    def list_used(self, request: Request) -> Json:
        """GET /xray/volumes: what each volume really takes on the disk."""
        return {"volumes": self.xray.volumes(request.ctx)}

    def show_xray(self, request: Request) -> Json:
        """GET /xray/{kind}/{id}: the object and all it is made of, as it really is."""
        return {"xray": self.xray.show(request.ctx, request.path["kind"], request.path["id"])}

    def fsck(self, request: Request) -> Json:
        """GET /fsck: whatever does not agree, of all objects and hosts."""
        return {"fsck": self.xray.everything(request.ctx)}


def _links(request: Request) -> Json:
    names = (
        "events", "requests", "services", "hosts", "topics", "status", "capacity", "journal",
    )  # fmt: skip
    base = f"{request.origin}{_PREFIX}/v1"
    return {"links": [{"rel": name, "href": f"{base}/{name}"} for name in names]}


def _wanted(request: Request) -> listener.Wanted:
    """Raises BadRequest for an unknown kind, a request that is none or a revision that is none."""
    kinds = frozenset(filter(None, request.query.get("kinds", "").split(","))) or listener.USUAL
    if not kinds <= listener.KINDS:
        unknown = ", ".join(sorted(kinds - listener.KINDS))
        raise errors.BadRequest(f"no kind {unknown}; known: {', '.join(sorted(listener.KINDS))}")
    request_id = request.query.get("request", "")
    if request_id and not ids.is_request_id(request_id):
        raise errors.BadRequest(f"{request_id!r} is no request id")
    return listener.Wanted(kinds=kinds, request_id=request_id, since=_since(request))


def _since(request: Request) -> int | None:
    if "since" in request.query:
        return administration.number(request, "since", default=0)
    last = request.headers.get("Last-Event-ID", "")
    return int(last) if last.isascii() and last.isdecimal() else None
