"""Members on the wire, in Glance's statuses: who shares, who accepts, who sees whom."""

import pytest

from services.image.api.members import MEMBERS_MAX
from tests.services.api.image.clients import Client
from tests.services.api.image.conftest import ImageCloud
from tests.services.image import disks

DATA = disks.raw(1000)


@pytest.fixture
def other(cloud: ImageCloud) -> Client:
    return cloud.users["other"]


def _shared(demo: Client, *members: str) -> str:
    image_id = demo.create(visibility="shared", name="ours")
    demo.upload(image_id, DATA)
    for member in members:
        answered = demo("POST", f"/images/{image_id}/members", json={"member": member})
        assert answered.status_code == 200, answered.text
    return image_id


def _answer(user: Client, image_id: str, member: str, status: str) -> int:
    url = f"/images/{image_id}/members/{member}"
    return user("PUT", url, json={"status": status}).status_code


def _visibility(user: Client, image_id: str, visibility: str) -> int:
    change = {"op": "replace", "path": "/visibility", "value": visibility}
    return user.patch(image_id, change).status_code


def test_a_member_is_pending_until_it_accepts_and_then_has_the_image_in_its_list(demo, other):
    image_id = _shared(demo, "other")
    (member,) = demo("GET", f"/images/{image_id}/members").json()["members"]
    assert (member["member_id"], member["status"]) == ("other", "pending")
    assert member["schema"] == "/v2/schemas/member"
    assert other.names() == []
    assert other.names("?member_status=pending&visibility=shared") == ["ours"]
    assert other("GET", f"/images/{image_id}/file").content == DATA  # who knows its id has it

    assert _answer(other, image_id, "other", "accepted") == 200
    assert other.names() == ["ours"]
    assert _answer(other, image_id, "other", "rejected") == 200
    assert other.names() == []
    assert other.names("?member_status=all") == other.names("?member_status=rejected") == ["ours"]


def test_a_member_sees_itself_alone_and_the_owner_sees_all(cloud: ImageCloud, demo, other):
    image_id = _shared(demo, "other", "third")
    url = f"/images/{image_id}/members"

    def seen(user: Client) -> list[str]:
        return [one["member_id"] for one in user("GET", url).json()["members"]]

    assert seen(demo) == seen(cloud.users["admin"]) == ["other", "third"]
    assert (seen(other), seen(cloud.users["third"])) == (["other"], ["third"])
    assert other("GET", f"{url}/other").status_code == 200
    assert other("GET", f"{url}/third").status_code == 404
    assert cloud.users["reader"]("GET", url).status_code == 404
    assert demo("GET", f"{url}/nobody").status_code == 404


def test_only_the_member_itself_or_an_admin_answers(cloud: ImageCloud, demo, other):
    image_id = _shared(demo, "other")

    assert _answer(demo, image_id, "other", "accepted") == 403
    assert _answer(cloud.users["third"], image_id, "other", "accepted") == 404
    assert _answer(cloud.users["admin"], image_id, "other", "accepted") == 200
    assert _answer(other, image_id, "third", "accepted") == 403
    assert _answer(other, image_id, "other", "perhaps") == 400
    assert _answer(cloud.users["admin"], image_id, "nobody", "accepted") == 404


def test_only_the_owner_shares_and_ends_it(cloud: ImageCloud, demo, other):
    image_id = _shared(demo, "other")
    url = f"/images/{image_id}/members"

    assert other("POST", url, json={"member": "third"}).status_code == 403
    assert other("DELETE", f"{url}/other").status_code == 403
    assert cloud.users["third"]("POST", url, json={"member": "third"}).status_code == 404
    assert cloud.users["reader"]("POST", url, json={"member": "reader"}).status_code == 403
    assert demo("DELETE", f"{url}/other").status_code == 204
    assert demo("DELETE", f"{url}/other").status_code == 404
    assert other("GET", f"/images/{image_id}").status_code == 404


@pytest.mark.parametrize("visibility", ["private", "community", "public"])
def test_an_image_of_another_visibility_has_no_members_and_lets_none_in(
    cloud: ImageCloud, demo, other, visibility
):
    image_id = _shared(demo, "other")
    _answer(other, image_id, "other", "accepted")
    admin = cloud.users["admin"]

    assert _visibility(demo if visibility != "public" else admin, image_id, visibility) == 200

    url = f"/images/{image_id}/members"
    assert demo("GET", url).status_code == 403
    assert demo("POST", url, json={"member": "third"}).status_code == 403
    assert _answer(other, image_id, "other", "accepted") == (
        404 if visibility == "private" else 403
    )
    is_seen = visibility != "private"
    assert other("GET", f"/images/{image_id}").status_code == (200 if is_seen else 404)
    assert other("GET", f"/images/{image_id}/file").status_code == (200 if is_seen else 404)
    assert _visibility(demo, image_id, "shared") == 200
    assert other.names() == ["ours"]  # its members are those it had


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400), ({"member": ""}, 400), ({"member": "m" * 256}, 400), ({"member": None}, 400),
        ({"member": ["other"]}, 400), ({"member": "other"}, 409),
    ],
)  # fmt: skip
def test_what_is_no_new_member_is_refused(demo: Client, body, status):
    image_id = _shared(demo, "other")

    assert demo("POST", f"/images/{image_id}/members", json=body).status_code == status
    assert len(demo("GET", f"/images/{image_id}/members").json()["members"]) == 1


def test_an_image_has_only_so_many_members(demo: Client):
    image_id = _shared(demo, *(f"p{n}" for n in range(MEMBERS_MAX)))

    one_more = demo("POST", f"/images/{image_id}/members", json={"member": "one-more"})

    assert one_more.status_code == 413


def test_a_community_image_is_there_for_who_asks_for_it(cloud: ImageCloud, demo, other):
    image_id = demo.create(visibility="community", name="all's")
    demo.upload(image_id, DATA)

    assert (demo.names(), other.names()) == (["all's"], [])
    assert other.names("?visibility=community") == ["all's"]
    assert other("GET", f"/images/{image_id}/file").content == DATA
    assert other.patch(image_id, {"op": "add", "path": "/a", "value": "b"}).status_code == 403
    assert cloud.users["admin"].names() == []


def test_a_hidden_image_is_there_for_who_knows_it(demo: Client, other: Client):
    image_id = _shared(demo, "other")
    _answer(other, image_id, "other", "accepted")
    demo.patch(image_id, {"op": "replace", "path": "/os_hidden", "value": True})

    assert (demo.names(), other.names()) == ([], [])
    assert demo.names("?os_hidden=true") == other.names("?os_hidden=true") == ["ours"]
    assert other("GET", f"/images/{image_id}/file").content == DATA


def test_a_deactivated_image_is_shown_and_its_bytes_kept_from_all_but_admins(
    cloud: ImageCloud, demo, other
):
    image_id = _shared(demo, "other")

    assert other("POST", f"/images/{image_id}/actions/deactivate").status_code == 403
    assert demo("POST", f"/images/{image_id}/actions/deactivate").status_code == 204

    for user in (demo, other, cloud.users["nova"]):
        assert user.status(image_id) == "deactivated"
        assert user("GET", f"/images/{image_id}/file").status_code == 403
    assert cloud.users["admin"]("GET", f"/images/{image_id}/file").content == DATA
    assert demo.upload(image_id, DATA).status_code == 409
    assert demo("POST", f"/images/{image_id}/actions/reactivate").status_code == 204
    assert other("GET", f"/images/{image_id}/file").content == DATA


def test_an_admin_gives_an_image_to_another_project(cloud: ImageCloud, demo, other):
    image_id = demo.create(visibility="private")
    give = {"op": "replace", "path": "/owner", "value": "other"}

    assert demo.patch(image_id, give).status_code == 403
    assert cloud.users["admin"].patch(image_id, give).status_code == 200
    assert demo("GET", f"/images/{image_id}").status_code == 404
    assert other("GET", f"/images/{image_id}").json()["owner"] == "other"
