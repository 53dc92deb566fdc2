"""Stage and import (Glance, api/v2/image_data.py and images.py)."""

import msgspec

from services.api.image import data
from services.http import endpoint
from services.http.endpoint import Reply, Request, decoding, path
from services.image.api.imports import ImportRequest, Imports


class Method(msgspec.Struct):
    """How the bytes come."""

    name: str
    uri: str | None = None
    glance_image_id: str = ""
    glance_region: str = ""
    glance_service_interface: str = "public"

    @property
    def source(self) -> dict[str, str]:
        """The image that `glance-download` is about."""
        if self.name != "glance-download":
            return {}
        return {
            "glance_image_id": self.glance_image_id,
            "glance_region": self.glance_region,
            "glance_service_interface": self.glance_service_interface,
        }


class ImportBody(msgspec.Struct):
    """The body of `POST /images/{id}/import`."""

    method: Method
    stores: list[str] = []
    all_stores: bool = False
    all_stores_must_succeed: bool = True


def paths(verbs: Imports) -> tuple[endpoint.Path, ...]:
    """Under `/image`."""

    def stage(request: Request) -> None:
        verbs.stage(request.ctx, request.path["image_id"], data.content(request))

    def start(request: Request, body: ImportBody) -> Reply:
        named = data.store(request)
        asked = ImportRequest(
            method=body.method.name, uri=body.method.uri, source=body.method.source,
            stores=tuple(body.stores) or ((named,) if named else ()),
            is_for_all_stores=body.all_stores, must_all_succeed=body.all_stores_must_succeed,
        )  # fmt: skip
        verbs.start(request.ctx, request.path["image_id"], asked)
        return Reply(status=202)

    return (
        path("/v2/images/{image_id}/stage", PUT=endpoint.endpoint(stage, status=204, streams=True)),
        path("/v2/images/{image_id}/import", POST=decoding(ImportBody, start)),
    )
