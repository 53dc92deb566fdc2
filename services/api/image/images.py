"""Images without their bytes: list, show, create, update, delete, tags."""

from typing import Any

from services.api.image import document, listing, patch
from services.http import endpoint
from services.http.endpoint import Reply, Request, decoding, path
from services.image.api import Images


def paths(verbs: Images, *, page_max: int) -> tuple[endpoint.Path, ...]:
    """Under `/image`."""
    each = _Face(verbs, page_max=page_max)
    return (
        path(
            "/v2/images",
            GET=endpoint.endpoint(each.index),
            POST=decoding(dict[str, Any], each.create),
        ),
        path(
            "/v2/images/{image_id}",
            GET=endpoint.endpoint(each.show),
            PATCH=decoding(list[patch.Change], each.update, media_types=patch.MEDIA_TYPES),
            DELETE=endpoint.endpoint(each.delete, status=204),
        ),
        path(
            "/v2/images/{image_id}/tags/{tag}",
            PUT=endpoint.endpoint(each.add_tag, status=204),
            DELETE=endpoint.endpoint(each.delete_tag, status=204),
        ),
    )


class _Face:
    def __init__(self, verbs: Images, *, page_max: int) -> None:
        self._verbs = verbs
        self._page_max = page_max

    def index(self, request: Request) -> dict[str, Any]:
        query = listing.query(request, page_max=self._page_max)
        page = self._verbs.index(request.ctx, query)
        views = [document.view(image) for image in page]
        return {"images": views, **listing.links(request, page, limit=query.limit)}

    def show(self, request: Request) -> dict[str, Any]:
        return document.view(self._verbs.show(request.ctx, request.path["image_id"]))

    def create(self, request: Request, body: dict[str, Any]) -> Reply:
        image = self._verbs.create(request.ctx, document.parse(body))
        location = f"{request.origin}/image/v2/images/{image.id}"
        return Reply(status=201, body=document.view(image), headers={"Location": location})

    def update(self, request: Request, body: list[patch.Change]) -> dict[str, Any]:
        image = self._verbs.update(
            request.ctx, request.path["image_id"], lambda now: patch.apply(now, body)
        )
        return document.view(image)

    def delete(self, request: Request) -> None:
        self._verbs.delete(request.ctx, request.path["image_id"])

    def add_tag(self, request: Request) -> None:
        self._verbs.add_tag(request.ctx, request.path["image_id"], request.path["tag"])

    def delete_tag(self, request: Request) -> None:
        self._verbs.delete_tag(request.ctx, request.path["image_id"], request.path["tag"])
