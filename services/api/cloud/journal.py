"""/novabox/v1/journal: what was done, undo and redo."""

from dataclasses import dataclass
from typing import Any, Final

from appliance import policy
from appliance.db import connection, journal
from services.api.cloud import journal_view
from services.api.cloud.administration import number
from services.api.cloud.inverses import Inverses
from services.http.endpoint import Path, Request, endpoint, path

Json = dict[str, Any]

PAGE: Final = 100
PAGE_MAX: Final = 1000
NEWEST: Final = "newest"  # in the place of an id: the caller's own last one


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """The handlers."""

    db: connection.Database
    inverses: Inverses

    def paths(self) -> tuple[Path, ...]:
        """Under `/novabox`."""
        return (
            path("/v1/journal", GET=endpoint(self.index)),
            path("/v1/journal/{id}", GET=endpoint(self.show)),
            path("/v1/journal/{id}/undo", POST=endpoint(self.undo)),
            path("/v1/journal/{id}/redo", POST=endpoint(self.redo)),
        )

    def index(self, request: Request) -> Json:
        """GET /journal: of one's own project, of all for an administrator; newest first."""
        policy.check(request.ctx, "novabox:list_journal")
        limit = min(number(request, "limit", default=PAGE), PAGE_MAX)
        project_id = None if request.ctx.is_admin else request.ctx.project_id
        found = journal.newest(self.db, project_id, limit=limit)
        return {"entries": [journal_view.view(entry) for entry in found]}

    def show(self, request: Request) -> Json:
        """GET /journal/{id}."""
        policy.check(request.ctx, "novabox:list_journal")
        entry = journal.get_visible(self.db, request.path["id"], request.ctx)
        return {"entry": journal_view.view(entry)}

    def undo(self, request: Request) -> Json:
        """POST /journal/{id}/undo; `newest` is the caller's last act that can be undone."""
        key = self._key(request, is_redo=False)
        return {"entry": journal_view.view(self.inverses.undo(request.ctx, key))}

    def redo(self, request: Request) -> Json:
        """POST /journal/{id}/redo; `newest` is what the caller undid last."""
        key = self._key(request, is_redo=True)
        return {"entry": journal_view.view(self.inverses.redo(request.ctx, key))}

    def _key(self, request: Request, *, is_redo: bool) -> str:
        policy.check(request.ctx, "novabox:undo")
        key = request.path["id"]
        return self.inverses.newest(request.ctx, is_redo=is_redo) if key == NEWEST else key
