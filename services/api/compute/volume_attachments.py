"""A server's volumes: /servers/{id}/os-volume_attachments (Nova, compute/volume_attachments.py)."""

from dataclasses import dataclass
from typing import Any

from msgspec import Struct, field

from appliance import errors
from appliance.model.volume import Volume
from services.compute.api.volumes import Attachments
from services.http.endpoint import Path, Request, decoding, endpoint, path

Json = dict[str, Any]


class NewAttachment(Struct, forbid_unknown_fields=True):
    """The volume to attach, and what the guest may call it."""

    volume_id: str = field(name="volumeId")
    device: str | None = None


class CreateAttachment(Struct, forbid_unknown_fields=True):
    """POST /servers/{id}/os-volume_attachments."""

    attachment: NewAttachment = field(name="volumeAttachment")


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeAttachments:
    """The handlers; an attachment's id is that of its volume."""

    verbs: Attachments

    def paths(self) -> tuple[Path, ...]:
        """The routes."""
        route = "/v2.1/servers/{server_id}/os-volume_attachments"
        return (
            path(
                route,
                GET=endpoint(self.list_all),
                POST=decoding(CreateAttachment, self.create),
            ),
            path(
                f"{route}/{{volume_id}}",
                GET=endpoint(self.show),
                DELETE=endpoint(self.delete, status=202),
            ),
        )

    def list_all(self, request: Request) -> Json:
        """GET /servers/{id}/os-volume_attachments."""
        return {"volumeAttachments": [_view(volume) for volume in self._volumes(request)]}

    def show(self, request: Request) -> Json:
        """GET /servers/{id}/os-volume_attachments/{volume}."""
        server_id, key = request.path["server_id"], request.path["volume_id"]
        for volume in self._volumes(request):
            if volume.id == key:
                return {"volumeAttachment": _view(volume)}
        raise errors.NotAttached(server_id, key)

    def create(self, request: Request, body: CreateAttachment) -> Json:
        """POST /servers/{id}/os-volume_attachments: a promise."""
        asked = body.attachment
        volume = self.verbs.attach(
            request.ctx, request.path["server_id"], asked.volume_id, device=asked.device or None
        )
        return {"volumeAttachment": _view(volume)}

    def delete(self, request: Request) -> None:
        """DELETE /servers/{id}/os-volume_attachments/{volume}: a promise."""
        self.verbs.detach(request.ctx, request.path["server_id"], request.path["volume_id"])

    def _volumes(self, request: Request) -> list[Volume]:
        return self.verbs.of(request.ctx, request.path["server_id"])


def _view(volume: Volume) -> Json:
    view = {"id": volume.id, "volumeId": volume.id, "serverId": volume.instance_id}
    return view | ({"device": volume.device} if volume.device else {})
