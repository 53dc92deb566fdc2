"""Tasks on the wire: whose they are, in which pages; and the stores of an image."""

from typing import Any

import pytest

from appliance.model.image import ImageStatus
from tests.services.api.image.clients import Client
from tests.services.api.image.conftest import ImageCloud
from tests.services.image import disks

DATA = disks.raw(1000)
URI = "http://93.184.216.34/disk"


def _ask_for_import(user: Client, image_id: str, uri: str = URI) -> int:
    body = {"method": {"name": "web-download", "uri": uri}}
    return user("POST", f"/images/{image_id}/import", json=body).status_code


def _ids(user: Client, query: str = "") -> list[str]:
    answered = user("GET", f"/tasks{query}")
    assert answered.status_code == 200, answered.text
    return [task["image_id"] for task in answered.json()["tasks"]]


def test_a_list_of_tasks_is_short_and_ones_own(cloud: ImageCloud, demo: Client, admin: Client):
    image_id = demo.create()
    _ask_for_import(demo, image_id)

    (task,) = demo("GET", "/tasks").json()["tasks"]
    assert (task["type"], task["status"]) == ("api_image_import", "pending")
    assert not {"input", "result", "message"} & task.keys()
    assert _ids(admin) == [image_id]
    assert _ids(cloud.users["other"]) == []
    whole = demo("GET", f"/tasks/{task['id']}").json()
    assert whole["input"]["import_req"]["method"]["uri"] == URI
    assert cloud.users["other"]("GET", f"/tasks/{task['id']}").status_code == 404
    assert demo("GET", "/tasks/nothing").status_code == 404


def test_tasks_come_in_pages(demo: Client):
    made = [demo.create() for _ in range(7)]
    for image_id in made:
        _ask_for_import(demo, image_id)
    url, found = "/tasks?limit=3&sort_dir=asc", []
    while url:
        page = demo("GET", url).json()
        found += [task["image_id"] for task in page["tasks"]]
        url = page.get("next", "").removeprefix("/v2")

    assert found == made
    assert len(_ids(demo)) == 5  # api.page_max
    assert len(_ids(demo, "?limit=100")) == 5
    assert _ids(demo, f"?image_id={made[2]}") == [made[2]]
    assert _ids(demo, "?status=success") == []
    assert len(_ids(demo, "?sort_key=expires_at&sort_dir=asc")) == 5


@pytest.mark.parametrize(
    "query",
    ["limit=x", "limit=-1", "marker=nothing", "sort_dir=up", "sort_key=owner", "status=maybe"],
)
def test_a_query_of_tasks_that_means_nothing_is_bad(demo: Client, query: str):
    assert demo("GET", f"/tasks?{query}").status_code == 400


def test_from_where_an_image_came_is_its_owners_and_admins_to_know(cloud, demo, admin):
    image_id = demo.create(visibility="community")
    _ask_for_import(demo, image_id)
    url = f"/images/{image_id}/tasks"

    assert len(demo("GET", url).json()["tasks"]) == len(admin("GET", url).json()["tasks"]) == 1
    assert cloud.users["other"]("GET", url).json()["tasks"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"type": "export", "input": {}}, 400),
        ({"type": "import", "input": {}}, 400),
        ({"type": "import", "input": {"import_from": 7, "image_properties": {}}}, 400),
        ({"type": "import", "input": {"import_from": URI, "image_properties": []}}, 400),
        ({"type": "import", "input": {"import_from": URI, "image_properties": {"name": 7}}}, 400),
        ({"type": "import"}, 400),
        ({"type": "import", "input": {"import_from": URI, "image_properties": {}}}, 201),
    ],
)
def test_a_task_of_the_older_form_is_an_admins_to_ask_for(
    admin: Client, demo: Client, body, status
):
    assert admin("POST", "/tasks", json=body).status_code == status
    if status == 201:
        assert demo("POST", "/tasks", json=body).status_code == 403


def test_a_task_of_the_older_form_says_what_is_wrong_with_its_address(cloud, admin: Client):
    body = {"type": "import", "input": {"import_from": "file:///x", "image_properties": {}}}
    body["input"]["image_properties"] = {"disk_format": "raw", "container_format": "bare"}
    made: dict[str, Any] = admin("POST", "/tasks", json=body).json()
    assert made["input"] == body["input"]

    cloud.work()

    shown = admin("GET", f"/tasks/{made['id']}").json()
    assert shown["status"] == "failure"
    assert "only http and https" in shown["message"]
    assert shown["expires_at"]


def _in_two_stores(cloud: ImageCloud, demo: Client, admin: Client) -> str:
    image_id = demo.create()
    demo.upload(image_id, DATA)
    body = {"method": {"name": "copy-image"}, "stores": ["swift"]}
    assert admin("POST", f"/images/{image_id}/import", json=body).status_code == 202
    cloud.work()
    return image_id


@pytest.mark.parametrize(("gone", "left"), [("file", "swift"), ("swift", "file")])
def test_an_image_is_taken_out_of_one_of_its_stores(cloud, demo, admin, gone, left):
    image_id = _in_two_stores(cloud, demo, admin)

    assert demo("DELETE", f"/stores/{gone}/{image_id}").status_code == 403
    assert admin("DELETE", f"/stores/nowhere/{image_id}").status_code == 404
    assert admin("DELETE", f"/stores/{gone}/{image_id}").status_code == 204

    folders = {"file": "images", "swift": "swift"}
    assert (len(cloud.files(folders[gone])), len(cloud.files(folders[left]))) == (0, 1)
    assert demo("GET", f"/images/{image_id}").json()["stores"] == left
    assert demo("GET", f"/images/{image_id}/file").content == DATA
    assert admin("DELETE", f"/stores/{left}/{image_id}").status_code == 403
    assert admin("DELETE", f"/stores/{gone}/{image_id}").status_code == 404


def test_an_image_that_is_deleted_goes_from_all_its_stores(cloud, demo, admin):
    image_id = _in_two_stores(cloud, demo, admin)

    demo("DELETE", f"/images/{image_id}")
    cloud.work()

    assert cloud.files("images") == cloud.files("swift") == []
    assert cloud.image(image_id).status is ImageStatus.DELETED
