"""Servers, their actions and what hangs on them: /servers (Nova, compute/servers.py)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from appliance import context, errors, policy
from appliance.model import states
from appliance.model.instance import Instance
from services.api.compute import microversions, name_filter, paging, server_bodies, server_views
from services.compute.api.instances import Instances
from services.compute.api.volumes import Attachments
from services.http.endpoint import Path, Reply, Request, decoding, endpoint, path

Json = dict[str, Any]


class SerialUrl(Protocol):
    """Gives a URL out that opens an instance's serial console once."""

    def __call__(self, ctx: context.RequestContext, instance_id: str, *, origin: str) -> str:
        """The URL, of a WebSocket."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """The handlers of /servers."""

    verbs: Instances
    volumes: Attachments
    page_max: int
    serial_url: SerialUrl

    def paths(self) -> tuple[Path, ...]:
        """The routes; the list with details comes before the one server."""
        one = "/v2.1/servers/{server_id}"
        plain = endpoint
        return (
            path(
                "/v2.1/servers",
                GET=plain(self.list_brief),
                POST=decoding(server_bodies.CreateServer, self.create, status=202),
            ),
            path("/v2.1/servers/detail", GET=plain(self.list_full)),
            path(
                one,
                GET=plain(self.show),
                PUT=decoding(server_bodies.UpdateServer, self.update),
                DELETE=plain(self.delete, status=204),
            ),
            path(f"{one}/action", POST=decoding(server_bodies.Action, self.act, status=202)),
            path(f"{one}/ips", GET=plain(self.ips)),
            path(f"{one}/os-interface", GET=plain(self.interfaces)),
            path(
                f"{one}/metadata",
                GET=plain(self.metadata),
                PUT=decoding(server_bodies.WholeMetadata, self.replace_metadata),
                POST=decoding(server_bodies.WholeMetadata, self.add_metadata),
            ),
            path(
                f"{one}/metadata/{{key}}",
                GET=plain(self.metadata_item),
                PUT=decoding(server_bodies.MetadataItem, self.set_metadata_item),
                DELETE=plain(self.delete_metadata_item, status=204),
            ),
        )

    def list_brief(self, request: Request) -> Json:
        """GET /servers."""
        return self._page(request, lambda item: server_views.brief(item, request.origin))

    def list_full(self, request: Request) -> Json:
        """GET /servers/detail."""
        return self._page(request, lambda item: self._view(request, item))

    def show(self, request: Request) -> Json:
        """GET /servers/{id}."""
        return {"server": self._view(request, self._instance(request))}

    def create(self, request: Request, body: server_bodies.CreateServer) -> Reply:
        """POST /servers: the first of them is the answer, or the reservation when asked for."""
        made = self.verbs.run(request.ctx, server_bodies.run_request(body.server))
        if body.server.wants_reservation:
            return Reply(body={"reservation_id": made[0].reservation_id}, status=202)
        details = self.verbs.details(made[0])
        links = server_views.links(request.origin, "servers", made[0].id)
        view = {
            "id": made[0].id,
            "links": links,
            "OS-DCF:diskConfig": "MANUAL",
            "security_groups": [{"name": group.name} for group in details.groups],
        }
        location = {"Location": links[0]["href"]}
        return Reply(body={"server": view}, status=202, headers=location)

    def update(self, request: Request, body: server_bodies.UpdateServer) -> Json:
        """PUT /servers/{id}: its name."""
        key = request.path["server_id"]
        return {
            "server": self._view(request, self.verbs.rename(request.ctx, key, body.server.name))
        }

    def delete(self, request: Request) -> None:
        """DELETE /servers/{id}."""
        self.verbs.delete(request.ctx, request.path["server_id"])

    def act(self, request: Request, body: server_bodies.Action) -> Reply | None:
        """POST /servers/{id}/action."""
        ctx, key = request.ctx, request.path["server_id"]
        match server_bodies.action(body):
            case "start":
                self.verbs.start(ctx, key)
            case "stop":
                self.verbs.stop(ctx, key)
            case "reboot" if isinstance(body.reboot, server_bodies.Reboot):
                self._reboot(request, body.reboot.type.upper())
            case "console_output" if isinstance(body.console_output, server_bodies.ConsoleLength):
                count = server_bodies.lines(body.console_output)
                return Reply(body={"output": self.verbs.console_output(ctx, key, lines=count)})
            case "serial_console":
                url = self.serial_url(ctx, key, origin=request.origin)
                return Reply(body={"console": {"type": "serial", "url": url}})
        return None

    def _reboot(self, request: Request, kind: str) -> None:
        if kind not in ("HARD", "SOFT"):
            raise errors.BadRequest(f"Argument 'type' for reboot is not HARD or SOFT: {kind}")
        key = request.path["server_id"]
        self.verbs.reboot(request.ctx, key, is_hard=kind == "HARD")

    def ips(self, request: Request) -> Json:
        """GET /servers/{id}/ips."""
        details = self.verbs.details(self._instance(request))
        return {
            "addresses": {
                name: [{"version": entry["version"], "addr": entry["addr"]} for entry in entries]
                for name, entries in server_views.addresses(details).items()
            }
        }

    def interfaces(self, request: Request) -> Json:
        """GET /servers/{id}/os-interface."""
        details = self.verbs.details(self._instance(request))
        return {"interfaceAttachments": server_views.interfaces(details)}

    def metadata(self, request: Request) -> Json:
        """GET /servers/{id}/metadata."""
        return {"metadata": dict(self.verbs.details(self._instance(request)).metadata)}

    def metadata_item(self, request: Request) -> Json:
        """GET /servers/{id}/metadata/{key}."""
        key, pairs = request.path["key"], self.metadata(request)["metadata"]
        if key not in pairs:
            raise errors.NotFound("Metadata item", key)
        return {"meta": {key: pairs[key]}}

    def replace_metadata(self, request: Request, body: server_bodies.WholeMetadata) -> Json:
        """PUT /servers/{id}/metadata."""
        key = request.path["server_id"]
        pairs = self.verbs.set_metadata(request.ctx, key, body.metadata, is_whole=True)
        return {"metadata": pairs}

    def add_metadata(self, request: Request, body: server_bodies.WholeMetadata) -> Json:
        """POST /servers/{id}/metadata."""
        key = request.path["server_id"]
        return {"metadata": self.verbs.set_metadata(request.ctx, key, body.metadata)}

    def set_metadata_item(self, request: Request, body: server_bodies.MetadataItem) -> Json:
        """PUT /servers/{id}/metadata/{key}."""
        if list(body.meta) != [request.path["key"]]:
            raise errors.BadRequest("Request body and URI mismatch")
        self.verbs.set_metadata(request.ctx, request.path["server_id"], body.meta)
        return {"meta": body.meta}

    def delete_metadata_item(self, request: Request) -> None:
        """DELETE /servers/{id}/metadata/{key}."""
        self.verbs.delete_metadata(request.ctx, request.path["server_id"], request.path["key"])

    def _instance(self, request: Request) -> Instance:
        return self.verbs.get(request.ctx, request.path["server_id"])

    def _view(self, request: Request, instance: Instance) -> Json:
        return server_views.full(
            instance,
            self.verbs.details(instance),
            request.origin,
            volumes=self.volumes.of(request.ctx, instance.id),
            is_admin=policy.allows(request.ctx, "os_compute_api:os-extended-server-attributes"),
            version=microversions.wanted(request),
        )

    def _page(self, request: Request, view: Callable[[Instance], Json]) -> Json:
        asked = paging.limit(request, page_max=self.page_max)
        found = self.verbs.page(
            request.ctx,
            keep=_filter(request),
            is_all_projects=_is_true(request.query.get("all_tenants")),
            marker=request.query.get("marker"),
            limit=asked,
        )
        last = found[-1].id if found else ""
        views = [view(instance) for instance in found]
        return paging.with_next(request, "servers", views, asked=asked, marker=last)


def _is_true(text: str | None) -> bool:
    return text is not None and text.lower() in ("", "1", "true", "yes", "on", "t")


def _filter(request: Request) -> Callable[[Instance], bool]:
    """What the query keeps; all of it must hold.

    Raises BadRequest for a name that is no expression we read.
    """
    query, tests = request.query, list[Callable[[Instance], bool]]()
    if "name" in query:
        matches = name_filter.matcher(query["name"])
        tests.append(lambda item: matches(item.name))
    statuses = {value.upper() for name, value in request.pairs if name == "status"}
    if statuses:
        tests.append(lambda item: states.status(item.vm_state, item.task_state) in statuses)
    exact = [(read, query[name]) for name, read in _EXACT.items() if name in query]
    tests.append(lambda item: all(read(item) == value for read, value in exact))
    if "changes-since" in query:
        since = query["changes-since"].rstrip("Z").split("+")[0]
        tests.append(lambda item: item.updated_at >= since)
    if _is_true(query.get("deleted", "false")):
        tests.append(lambda _: False)  # what is deleted is not shown, here or anywhere
    return lambda item: all(test(item) for test in tests)


_EXACT: dict[str, Callable[[Instance], str | None]] = {
    "flavor": lambda item: item.flavor_id,
    "image": lambda item: item.image_id,
    "host": lambda item: item.host,
    "uuid": lambda item: item.id,
    "key_name": lambda item: item.key_name,
    "reservation_id": lambda item: item.reservation_id,
    "availability_zone": lambda item: item.zone,
    "project_id": lambda item: item.project_id,
    "tenant_id": lambda item: item.project_id,
    "user_id": lambda item: item.user_id,
}
