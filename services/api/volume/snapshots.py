"""Snapshots: /snapshots (Cinder, api/v3/snapshots.py)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from appliance.model.volume import Snapshot
from services.api.volume import bodies, listing, views
from services.http import values
from services.http.endpoint import Path, Request, decoding, endpoint, path
from services.volume.api.snapshots import CreateSnapshot, Snapshots

Json = dict[str, Any]
View = Callable[[Snapshot, Mapping[str, str]], Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotsFace:
    """The handlers of /snapshots."""

    verbs: Snapshots
    page_max: int

    def paths(self) -> tuple[Path, ...]:
        """The routes; the list with details comes before the one snapshot."""
        return (
            path(
                "/snapshots",
                GET=endpoint(self.list_brief),
                POST=decoding(bodies.CreateSnapshot, self.create, status=202),
            ),
            path("/snapshots/detail", GET=endpoint(self.list_full)),
            path(
                "/snapshots/{snapshot_id}",
                GET=endpoint(self.show),
                PUT=decoding(bodies.UpdateSnapshot, self.update),
                DELETE=endpoint(self.delete, status=202),
            ),
        )

    def list_brief(self, request: Request) -> Json:
        """GET /snapshots."""
        return self._page(request, views.snapshot)

    def list_full(self, request: Request) -> Json:
        """GET /snapshots/detail."""
        return self._page(request, views.snapshot_full)

    def show(self, request: Request) -> Json:
        """GET /snapshots/{id}."""
        found = self.verbs.get(request.ctx, request.path["snapshot_id"])
        return {"snapshot": views.snapshot_full(found, self.verbs.metadata(found))}

    def create(self, request: Request, body: bodies.CreateSnapshot) -> Json:
        """POST /snapshots."""
        new = body.snapshot
        asked = CreateSnapshot(
            volume_id=new.volume_id,
            name=(new.name or "").strip(),
            description=(new.description or "").strip(),
            metadata=new.metadata or {},
            is_forced=values.flag("force", new.force),
        )
        return self._changed(self.verbs.create(request.ctx, asked))

    def update(self, request: Request, body: bodies.UpdateSnapshot) -> Json:
        """PUT /snapshots/{id}: its name and description."""
        key = request.path["snapshot_id"]
        return self._changed(self.verbs.update(request.ctx, key, **bodies.texts(body.snapshot)))

    def delete(self, request: Request) -> None:
        """DELETE /snapshots/{id}."""
        self.verbs.delete(request.ctx, request.path["snapshot_id"])

    def _changed(self, found: Snapshot) -> Json:
        return {"snapshot": views.snapshot(found, self.verbs.metadata(found))}

    def _page(self, request: Request, view: View) -> Json:
        rows = self.verbs.page(
            request.ctx,
            keep=listing.keep(request, _COLUMNS, metadata=self.verbs.metadata),
            is_all_projects=listing.is_for_all(request),
            limit=listing.ROWS_MAX,
        )
        return listing.page(
            request, "snapshots", rows, _COLUMNS,
            view=lambda found: view(found, self.verbs.metadata(found)), page_max=self.page_max,
        )  # fmt: skip


_COLUMNS: Final[listing.Columns[Snapshot]] = {
    "id": lambda found: found.id,
    "name": lambda found: found.name,
    "status": lambda found: found.status,
    "size": lambda found: found.size_gib,
    "volume_id": lambda found: found.volume_id,
    "project_id": lambda found: found.project_id,
    "created_at": lambda found: found.created_at,
    "updated_at": lambda found: found.updated_at,
}
