"""Metadata of volumes and of snapshots: the same routes on both (Cinder, api/v3/*_metadata.py)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from appliance import context, errors
from services.api.volume import bodies
from services.http.endpoint import Path, Request, decoding, endpoint, path

Json = dict[str, Any]


class Verbs(Protocol):
    """What Volumes and Snapshots both can."""

    def set_metadata(
        self,
        ctx: context.RequestContext,
        row_id: str,
        pairs: Mapping[str, str],
        /,
        *,
        is_whole: bool = False,
    ) -> dict[str, str]:
        """Add pairs, or let them replace all; what it is then."""
        ...

    def delete_metadata(self, ctx: context.RequestContext, row_id: str, key: str, /) -> None:
        """Take one pair away. Raises NotFound."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataFace:
    """The handlers below `/volumes/{id}` or `/snapshots/{id}`; `pairs` reads those of one."""

    collection: str
    verbs: Verbs
    pairs: Callable[[context.RequestContext, str], Mapping[str, str]]

    def paths(self) -> tuple[Path, ...]:
        """The routes."""
        whole = f"/{self.collection}/{{row_id}}/metadata"
        return (
            path(
                whole,
                GET=endpoint(self.show),
                POST=decoding(bodies.WholeMetadata, self.add),
                PUT=decoding(bodies.WholeMetadata, self.replace),
            ),
            path(
                f"{whole}/{{key}}",
                GET=endpoint(self.item),
                PUT=decoding(bodies.MetadataItem, self.set_item),
                DELETE=endpoint(self.delete_item),
            ),
        )

    def show(self, request: Request) -> Json:
        """GET /…/metadata."""
        return {"metadata": dict(self.pairs(request.ctx, request.path["row_id"]))}

    def add(self, request: Request, body: bodies.WholeMetadata) -> Json:
        """POST /…/metadata."""
        key = request.path["row_id"]
        return {"metadata": self.verbs.set_metadata(request.ctx, key, body.metadata)}

    def replace(self, request: Request, body: bodies.WholeMetadata) -> Json:
        """PUT /…/metadata."""
        key = request.path["row_id"]
        pairs = self.verbs.set_metadata(request.ctx, key, body.metadata, is_whole=True)
        return {"metadata": pairs}

    def item(self, request: Request) -> Json:
        """GET /…/metadata/{key}."""
        key, pairs = request.path["key"], self.show(request)["metadata"]
        if key not in pairs:
            raise errors.NotFound("metadata item", key)
        return {"meta": {key: pairs[key]}}

    def set_item(self, request: Request, body: bodies.MetadataItem) -> Json:
        """PUT /…/metadata/{key}."""
        if list(body.meta) != [request.path["key"]]:
            raise errors.BadRequest("Request body and URI mismatch")
        self.verbs.set_metadata(request.ctx, request.path["row_id"], body.meta)
        return {"meta": body.meta}

    def delete_item(self, request: Request) -> None:
        """DELETE /…/metadata/{key}."""
        self.verbs.delete_metadata(request.ctx, request.path["row_id"], request.path["key"])
