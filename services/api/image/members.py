"""The members of an image (Glance, api/v2/image_members.py)."""

from typing import Any

import msgspec

from appliance import errors
from appliance.model.image_member import ImageMember, MemberStatus
from services.http import endpoint
from services.http.endpoint import Request, decoding, path
from services.image.api.members import Members

_COLLECTION = "/v2/images/{image_id}/members"


class New(msgspec.Struct):
    """The body of a POST."""

    member: str


class Status(msgspec.Struct):
    """The body of a PUT."""

    status: str


def paths(verbs: Members) -> tuple[endpoint.Path, ...]:
    """Under `/image`."""
    each = _Face(verbs)
    return (
        path(_COLLECTION, GET=endpoint.endpoint(each.index), POST=decoding(New, each.create)),
        path(
            f"{_COLLECTION}/{{member_id}}",
            GET=endpoint.endpoint(each.show),
            PUT=decoding(Status, each.update),
            DELETE=endpoint.endpoint(each.delete, status=204),
        ),
    )


class _Face:
    def __init__(self, verbs: Members) -> None:
        self._verbs = verbs

    def index(self, request: Request) -> dict[str, Any]:
        found = self._verbs.index(request.ctx, request.path["image_id"])
        return {"members": [_view(one) for one in found], "schema": "/v2/schemas/members"}

    def show(self, request: Request) -> dict[str, Any]:
        return _view(self._verbs.show(request.ctx, *_names(request)))

    def create(self, request: Request, body: New) -> dict[str, Any]:
        return _view(self._verbs.create(request.ctx, request.path["image_id"], body.member))

    def update(self, request: Request, body: Status) -> dict[str, Any]:
        if body.status not in set(MemberStatus):
            known = ", ".join(MemberStatus)
            raise errors.BadRequest(f"Invalid member status {body.status[:50]!r}: one of {known}.")
        status = MemberStatus(body.status)
        return _view(self._verbs.update(request.ctx, *_names(request), status))

    def delete(self, request: Request) -> None:
        self._verbs.delete(request.ctx, *_names(request))


def _names(request: Request) -> tuple[str, str]:
    return request.path["image_id"], request.path["member_id"]


def _view(member: ImageMember) -> dict[str, Any]:
    return {
        "image_id": member.image_id,
        "member_id": member.member_id,
        "status": member.status,
        "created_at": f"{member.created_at[:19]}Z",
        "updated_at": f"{member.updated_at[:19]}Z",
        "schema": "/v2/schemas/member",
    }
