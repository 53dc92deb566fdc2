"""Key pairs: /os-keypairs (Nova, api/openstack/compute/keypairs.py)."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from appliance import errors
from appliance.model.key_pair import KeyPair
from services.api.compute import microversions, paging
from services.compute.api.key_pairs import KeyPairs
from services.http.endpoint import Path, Reply, Request, decoding, endpoint, path

Json = dict[str, Any]


class NewKeyPair(Struct, forbid_unknown_fields=True):
    """A key pair to be made, or with `public_key` to be imported."""

    name: Annotated[str, Meta(min_length=1, max_length=255)]
    public_key: str | None = None
    type: Literal["ssh"] = "ssh"


class CreateKeyPair(Struct, forbid_unknown_fields=True):
    """POST /os-keypairs."""

    keypair: NewKeyPair


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPairsFace:
    """The handlers of /os-keypairs."""

    verbs: KeyPairs
    page_max: int

    def paths(self) -> tuple[Path, ...]:
        """The routes."""
        return (
            path(
                "/v2.1/os-keypairs",
                GET=endpoint(self.list_all),
                POST=decoding(CreateKeyPair, self.create),
            ),
            path("/v2.1/os-keypairs/{name}", GET=endpoint(self.show), DELETE=endpoint(self.delete)),
        )

    def list_all(self, request: Request) -> Json:
        """GET /os-keypairs."""
        asked = paging.limit(request, page_max=self.page_max)
        marker = request.query.get("marker", "")
        if marker:
            self._marked(request, marker)
        found = self.verbs.of_user(request.ctx, marker=marker, limit=asked)
        version = microversions.wanted(request)
        views = [{"keypair": _view(key_pair, version)} for key_pair in found]
        last = found[-1].name if found else ""
        return paging.with_next(request, "keypairs", views, asked=asked, marker=last)

    def create(self, request: Request, body: CreateKeyPair) -> Reply:
        """POST /os-keypairs; the private key is in this answer and nowhere else."""
        version = microversions.wanted(request)
        key_pair, generated = self.verbs.create(
            request.ctx, body.keypair.name, public_key=body.keypair.public_key
        )
        view = _view(key_pair, version) | {"user_id": key_pair.user_id}
        if generated:
            view["private_key"] = generated.private_key.reveal()
        return Reply(body={"keypair": view}, status=201 if version >= (2, 2) else 200)

    def show(self, request: Request) -> Json:
        """GET /os-keypairs/{name}."""
        key_pair = self.verbs.get(request.ctx, request.path["name"])
        view = _view(key_pair, microversions.wanted(request)) | {
            "id": 1,
            "user_id": key_pair.user_id,
            "created_at": key_pair.created_at.removesuffix("Z"),
            "updated_at": None,
            "deleted_at": None,
            "deleted": False,
        }
        return {"keypair": view}

    def delete(self, request: Request) -> Reply:
        """DELETE /os-keypairs/{name}."""
        self.verbs.delete(request.ctx, request.path["name"])
        return Reply(status=204 if microversions.wanted(request) >= (2, 2) else 202)

    def _marked(self, request: Request, marker: str) -> None:
        try:
            self.verbs.get(request.ctx, marker)
        except errors.NotFound as error:
            raise errors.BadRequest(f"marker [{marker}] not found") from error


def _view(key_pair: KeyPair, version: microversions.Version) -> Json:
    view = {
        "name": key_pair.name,
        "public_key": key_pair.public_key,
        "fingerprint": key_pair.fingerprint,
    }
    return view | ({"type": key_pair.kind} if version >= (2, 2) else {})
