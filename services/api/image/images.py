"""Images without their bytes: list, show, create, update, delete, tags."""

from typing import Any

from appliance import errors
from appliance.model.image import Image
from services.api.image import document, listing, locations, patch
from services.http import endpoint
from services.http.endpoint import Reply, Request, decoding, path
from services.image.api import Images
from services.image.api.imports import METHODS


def paths(verbs: Images, *, page_max: int, has_locations: bool) -> tuple[endpoint.Path, ...]:
    """Under `/image`."""
    each = _Face(verbs, page_max=page_max, has_locations=has_locations)
    return (
        path(
            "/v2/images",
            GET=endpoint.endpoint(each.index, is_repeatable=True),
            POST=decoding(dict[str, Any], each.create),
        ),
        path(
            "/v2/images/{image_id}",
            GET=endpoint.endpoint(each.show, is_repeatable=True),
            PATCH=decoding(list[dict[str, Any]], each.update, media_types=patch.MEDIA_TYPES),
            DELETE=endpoint.endpoint(each.delete, status=204),
        ),
        path(
            "/v2/images/{image_id}/actions/deactivate",
            POST=endpoint.endpoint(each.deactivate, status=204),
        ),
        path(
            "/v2/images/{image_id}/actions/reactivate",
            POST=endpoint.endpoint(each.reactivate, status=204),
        ),
        path(
            "/v2/images/{image_id}/tags/{tag}",
            PUT=endpoint.endpoint(each.add_tag, status=204),
            DELETE=endpoint.endpoint(each.delete_tag, status=204),
        ),
    )


class _Face:
    def __init__(self, verbs: Images, *, page_max: int, has_locations: bool) -> None:
        self._verbs = verbs
        self._page_max = page_max
        self._has_locations = has_locations

    def _view(self, request: Request, image: Image) -> dict[str, Any]:
        has_locations = self._has_locations or request.ctx.is_admin
        stores = self._verbs.imports.stores
        return document.view(image, stores=stores, has_locations=has_locations)

    def index(self, request: Request) -> dict[str, Any]:
        query = listing.query(request, page_max=self._page_max)
        page = self._verbs.index(request.ctx, query)
        views = [self._view(request, image) for image in page]
        links = listing.links(request, "images", [one.id for one in page], limit=query.limit)
        return {"images": views, **links}

    def show(self, request: Request) -> dict[str, Any]:
        return self._view(request, self._verbs.show(request.ctx, request.path["image_id"]))

    def create(self, request: Request, body: dict[str, Any]) -> Reply:
        image = self._verbs.create(request.ctx, document.parse(body))
        location = f"{request.origin}/image/v2/images/{image.id}"
        return Reply(
            status=201,
            body=self._view(request, image),
            headers={
                "Location": location,
                "OpenStack-image-import-methods": ",".join(METHODS),
                "OpenStack-image-store-ids": ",".join(self._verbs.imports.stores),
            },
        )

    def update(self, request: Request, body: list[dict[str, Any]]) -> dict[str, Any]:
        image_id = request.path["image_id"]
        changes = [patch.parse(one) for one in body]
        about_locations = [change for change in changes if locations.is_about(change)]
        if not about_locations:
            image = self._verbs.update(request.ctx, image_id, lambda now: patch.apply(now, changes))
            return self._view(request, image)
        if len(changes) > 1:
            raise errors.BadRequest("Locations are changed one at a time, and apart from the rest.")
        locations.apply(self._verbs.locations, request.ctx, image_id, changes[0])
        return self._view(request, self._verbs.show(request.ctx, image_id))

    def delete(self, request: Request) -> None:
        self._verbs.delete(request.ctx, request.path["image_id"])

    def deactivate(self, request: Request) -> None:
        self._verbs.deactivate(request.ctx, request.path["image_id"])

    def reactivate(self, request: Request) -> None:
        self._verbs.reactivate(request.ctx, request.path["image_id"])

    def add_tag(self, request: Request) -> None:
        self._verbs.add_tag(request.ctx, request.path["image_id"], request.path["tag"])

    def delete_tag(self, request: Request) -> None:
        self._verbs.delete_tag(request.ctx, request.path["image_id"], request.path["tag"])
