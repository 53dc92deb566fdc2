"""Users of the Image API, each of a project of its own, whose token is their name."""

from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient

from appliance import context, ids

V2 = "/image/v2"
PATCH = "application/openstack-images-v2.1-json-patch"
BINARY = {"Content-Type": "application/octet-stream"}

# a token is its user's name
USERS = {
    user: context.RequestContext(
        user_name=user, project_id=ids.ProjectId(user), roles=frozenset(roles)
    )
    for user, roles in (
        ("admin", {"admin"}), ("demo", {"member"}), ("other", {"member"}), ("third", {"member"}),
        ("reader", {"reader"}), ("nova", {"service", "member"}),
    )
}  # fmt: skip


class Client:
    """Speaks for one user."""

    def __init__(self, client: TestClient, token: str) -> None:
        self._client = client
        self._token = token

    def __call__(self, method: str, path: str, **options: Any) -> Response:
        headers = {"X-Auth-Token": self._token, **options.pop("headers", {})}
        return self._client.request(method, f"{V2}{path}", headers=headers, **options)

    def create(self, **said: Any) -> str:
        """The id of a new image."""
        body = {"name": "disk", "disk_format": "raw", "container_format": "bare"} | said
        answered = self("POST", "/images", json=body)
        assert answered.status_code == 201, answered.text
        return str(answered.json()["id"])

    def upload(self, image_id: str, data: Any) -> Response:
        return self("PUT", f"/images/{image_id}/file", content=data, headers=BINARY)

    def patch(self, image_id: str, *changes: dict[str, Any]) -> Response:
        headers = {"Content-Type": PATCH}
        return self("PATCH", f"/images/{image_id}", json=list(changes), headers=headers)

    def status(self, image_id: str) -> str:
        """The image's, as its user sees it."""
        return str(self("GET", f"/images/{image_id}").json()["status"])

    def names(self, query: str = "") -> list[str]:
        """The names of a list."""
        answered = self("GET", f"/images{query}")
        assert answered.status_code == 200, answered.text
        return [image["name"] for image in answered.json()["images"]]
