"""Volumes: /volumes (Cinder, api/v3/volumes.py)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from msgspec import UnsetType

from appliance import errors
from appliance.model.volume import Volume
from services.api.volume import bodies, listing, microversions, views
from services.http import values
from services.http.endpoint import Path, Reply, Request, decoding, endpoint, path
from services.volume.api.create import CreateVolume
from services.volume.api.volumes import Volumes

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumesFace:
    """The handlers of /volumes."""

    verbs: Volumes
    page_max: int

    def paths(self) -> tuple[Path, ...]:
        """The routes; the list with details comes before the one volume."""
        one = "/volumes/{volume_id}"
        return (
            path(
                "/volumes",
                GET=endpoint(self.list_brief),
                POST=decoding(bodies.CreateVolume, self.create, status=202),
            ),
            path("/volumes/detail", GET=endpoint(self.list_full)),
            path(
                one,
                GET=endpoint(self.show),
                PUT=decoding(bodies.UpdateVolume, self.update),
                DELETE=endpoint(self.delete, status=202),
            ),
            path(f"{one}/action", POST=decoding(bodies.Action, self.act, status=202)),
        )

    def list_brief(self, request: Request) -> Json:
        """GET /volumes."""
        return self._page(request, lambda volume: views.brief(request, volume))

    def list_full(self, request: Request) -> Json:
        """GET /volumes/detail."""
        return self._page(request, lambda volume: self._detailed(request, volume))

    def show(self, request: Request) -> Json:
        """GET /volumes/{id}."""
        volume = self.verbs.get(request.ctx, request.path["volume_id"])
        return {"volume": self._detailed(request, volume)}

    def create(self, request: Request, body: bodies.CreateVolume) -> Json:
        """POST /volumes."""
        return self._changed(request, self.verbs.create(request.ctx, _asked(body.volume)))

    def update(self, request: Request, body: bodies.UpdateVolume) -> Json:
        """PUT /volumes/{id}: its name, description and metadata."""
        changed = body.volume
        volume = self.verbs.update(
            request.ctx,
            request.path["volume_id"],
            metadata=changed.metadata if isinstance(changed.metadata, dict) else None,
            **bodies.texts(changed),
        )
        return self._changed(request, volume)

    def delete(self, request: Request) -> None:
        """DELETE /volumes/{id}; with `?cascade=true` its snapshots too."""
        is_with_snapshots = listing.flag(request, "cascade")
        key = request.path["volume_id"]
        self.verbs.delete(request.ctx, key, is_with_snapshots=is_with_snapshots)

    def act(self, request: Request, body: bodies.Action) -> Reply:
        """POST /volumes/{id}/action. Raises BadRequest for none or several."""
        ctx, key = request.ctx, request.path["volume_id"]
        match (body.extend, body.set_bootable):
            case (bodies.NewSize(size=size), UnsetType()):
                self.verbs.extend(ctx, key, values.number("new_size", size))
                return Reply(status=202)
            case (UnsetType(), bodies.Bootable(is_bootable=value)):
                is_bootable = values.flag("bootable", value)
                self.verbs.set_bootable(ctx, key, is_bootable=is_bootable)
                return Reply(status=200)
        raise errors.BadRequest("Exactly one action is expected in the body.")

    def _changed(self, request: Request, volume: Volume) -> Json:
        return {"volume": views.full(request, volume, self.verbs.details(volume))}

    def _detailed(self, request: Request, volume: Volume) -> Json:
        return views.detailed(request, volume, self.verbs.details(volume))

    def _page(self, request: Request, view: Callable[[Volume], Json]) -> Json:
        is_wanted = listing.keep(
            request, _COLUMNS, metadata=lambda volume: self.verbs.details(volume).metadata
        )
        is_bootable = _bootable(request)
        rows = self.verbs.page(
            request.ctx,
            keep=lambda one: is_wanted(one) and is_bootable in (None, bool(one.is_bootable)),
            is_all_projects=listing.is_for_all(request),
            limit=listing.ROWS_MAX,
        )
        return listing.page(request, "volumes", rows, _COLUMNS, view=view, page_max=self.page_max)


def _bootable(request: Request) -> bool | None:
    """What the filter `bootable` asks for; before 3.2 anything that is not false was true."""
    text = request.query.get("bootable")
    if text is None or microversions.RANGE.wanted(request) >= (3, 2):
        return None if text is None else values.flag("bootable", text)
    return text not in ("false", "False")


def _asked(new: bodies.NewVolume) -> CreateVolume:
    """What the client asks, in the words of the verb. Raises BadRequest."""
    if new.backup_id or new.group_id:
        raise errors.BadRequest("Invalid input received: there are no backups and no groups here.")
    if new.is_multiattach is not None and values.flag("multiattach", new.is_multiattach):
        raise errors.BadRequest("Invalid input received: one instance at a time has a volume.")
    return CreateVolume(
        name=(new.name or "").strip(),
        description=(new.description or "").strip(),
        size_gib=None if new.size is None else values.number("size", new.size),
        volume_type=new.volume_type or None,
        zone=new.zone or None,
        metadata=new.metadata or {},
        snapshot_id=new.snapshot_id or None,
        source_volume_id=new.source_volume_id or None,
        image_id=(new.image or "").rstrip("/").rpartition("/")[2] or None,
    )


_COLUMNS: Final[listing.Columns[Volume]] = {
    "id": lambda volume: volume.id,
    "name": lambda volume: volume.name,
    "status": lambda volume: volume.status,
    "size": lambda volume: volume.size_gib,
    "availability_zone": lambda volume: volume.zone,
    "volume_type": lambda volume: volume.volume_type,
    "host": lambda volume: volume.host,
    "user_id": lambda volume: volume.user_id,
    "project_id": lambda volume: volume.project_id,
    "created_at": lambda volume: volume.created_at,
    "updated_at": lambda volume: volume.updated_at,
    "attach_status": lambda volume: volume.attach_status,
    "snapshot_id": lambda volume: volume.snapshot_id or "",
    "source_volid": lambda volume: volume.source_volume_id or "",
}
