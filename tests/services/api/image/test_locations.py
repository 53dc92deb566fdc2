"""Locations as admins say them: URLs from which bytes are had, and never private ones."""

import dataclasses
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from appliance import config
from services.image.api.locations import LOCATIONS_MAX
from tests.services.api.image.clients import Client
from tests.services.api.image.conftest import ImageCloud
from tests.services.image import disks
from tests.services.image.web import Web, page

DATA = disks.raw(1000)
SUMS = {
    "checksum": hashlib.md5(DATA).hexdigest(), "os_hash_algo": "sha512",
    "os_hash_value": hashlib.sha512(DATA).hexdigest(),
}  # fmt: skip


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as served:
        served.answers |= {"/disk": page(DATA), "/copy": page(DATA)}
        yield served


@pytest.fixture
def settings(settings: config.Settings, web: Web) -> config.Settings:
    """Images may come from the server of the test."""
    return dataclasses.replace(settings, image=web.allowed(settings.image))


def _add(user: Client, image_id: str, url: str, **said: Any) -> int:
    change = {"op": "add", "path": "/locations/-", "value": {"url": url, **said}}
    return user.patch(image_id, change).status_code


def _remove(user: Client, image_id: str, place: object) -> int:
    return user.patch(image_id, {"op": "remove", "path": f"/locations/{place}"}).status_code


def test_an_image_whose_bytes_are_elsewhere_is_active_and_fetched_from_there(admin, web: Web):
    image_id = admin.create()

    assert _add(admin, image_id, web.url("/disk"), validation_data=SUMS, metadata={"a": "b"}) == 200

    shown = admin("GET", f"/images/{image_id}").json()
    assert (shown["status"], shown["size"], shown["stores"]) == ("active", len(DATA), "http")
    assert shown["locations"] == [{"url": web.url("/disk"), "metadata": {"a": "b"}}]
    assert (shown["direct_url"], shown["checksum"]) == (web.url("/disk"), SUMS["checksum"])
    assert admin("GET", f"/images/{image_id}/file").content == DATA


def test_a_part_of_an_image_elsewhere_is_asked_for_there(admin, web: Web):
    image_id = admin.create()
    _add(admin, image_id, web.url("/disk"))
    told = "Content-Range: bytes 5-8/1000"
    web.answers["/disk"] = page(DATA[5:9], told, status="206 Partial Content")

    part = admin("GET", f"/images/{image_id}/file", headers={"Range": "bytes=5-8"})

    assert (part.status_code, part.content) == (206, DATA[5:9])
    assert "Range: bytes=5-8" in web.heads[-1]


def test_locations_are_an_admins_to_see_and_set(cloud: ImageCloud, demo: Client, admin, web: Web):
    image_id = demo.create()

    assert _add(demo, image_id, web.url("/disk")) == 403
    assert _add(admin, image_id, web.url("/disk")) == 200
    assert "locations" not in demo("GET", f"/images/{image_id}").json()
    assert "locations" in admin("GET", f"/images/{image_id}").json()
    assert demo("GET", f"/images/{image_id}/file").content == DATA


@pytest.mark.parametrize(
    "url",
    [
        "", "disk", "file:///etc/passwd", "swift://x", "http://169.254.169.254/", "http://[::1]/",
        "http://localhost:{port}/disk", "http://127.0.0.1:{port}/nothing", "http://127.0.0.1:1/",
    ],
)  # fmt: skip
def test_a_location_that_no_image_comes_from_is_bad(admin, web: Web, url):
    image_id = admin.create()

    assert _add(admin, image_id, url.format(port=web.port)) == 400
    assert admin.status(image_id) == "queued"


@pytest.mark.parametrize(
    ("sums", "status"),
    [
        ({"checksum": "x"}, 400), ({**SUMS, "os_hash_algo": "md5"}, 400),
        ({**SUMS, "os_hash_value": "0"}, 400), ({**SUMS, "checksum": "0"}, 400), (SUMS, 200),
    ],
)  # fmt: skip
def test_sums_of_a_queued_image_are_whole(admin, web: Web, sums, status):
    assert _add(admin, admin.create(), web.url("/disk"), validation_data=sums) == status


def test_a_second_place_has_the_same_sums_or_is_none(admin, web: Web):
    image_id = admin.create()
    admin.upload(image_id, DATA)
    wrong = SUMS | {"os_hash_value": "0" * 128}

    assert _add(admin, image_id, web.url("/disk"), validation_data=wrong) == 409
    assert _add(admin, image_id, web.url("/disk"), validation_data=SUMS) == 200
    assert _add(admin, image_id, web.url("/disk"), validation_data=SUMS) == 400
    assert admin("GET", f"/images/{image_id}").json()["stores"] == "file,http"


def test_a_place_is_forgotten_but_the_last_and_the_stores_own(admin, web: Web):
    image_id = admin.create()
    _add(admin, image_id, web.url("/disk"))

    assert _remove(admin, image_id, 0) == 403
    assert _add(admin, image_id, web.url("/copy")) == 200
    assert _remove(admin, image_id, 2) == 404
    assert _remove(admin, image_id, 0) == 200
    (left,) = admin("GET", f"/images/{image_id}").json()["locations"]
    assert left["url"] == web.url("/copy")
    own = admin.create()
    admin.upload(own, DATA)
    _add(admin, own, web.url("/disk"))
    assert _remove(admin, own, 0) == 403


def test_an_image_has_only_so_many_places(admin, web: Web):
    image_id = admin.create()
    for n in range(LOCATIONS_MAX):
        web.answers[f"/{n}"] = page(DATA)
        assert _add(admin, image_id, web.url(f"/{n}")) == 200

    assert _add(admin, image_id, web.url("/copy")) == 413


def test_what_is_said_of_places_is_said_anew_for_all_of_them(admin, web: Web):
    image_id = admin.create()
    _add(admin, image_id, web.url("/disk"))
    told = {"url": web.url("/disk"), "metadata": {"zone": "x"}}

    def replaced(value: object) -> int:
        change = {"op": "replace", "path": "/locations", "value": value}
        return int(admin.patch(image_id, change).status_code)

    assert replaced([told]) == 200
    assert admin("GET", f"/images/{image_id}").json()["locations"] == [told]
    assert replaced([]) == replaced([{"url": web.url("/copy")}]) == replaced("x") == 400
    assert replaced([{"url": 7}]) == 400
    assert admin.status(image_id) == "active"


def test_a_location_changes_apart_from_the_rest(admin, web: Web):
    image_id = admin.create()
    add = {"op": "add", "path": "/locations/-", "value": {"url": web.url("/disk")}}

    both = admin.patch(image_id, add, {"op": "replace", "path": "/name", "value": "new"})

    assert (both.status_code, admin.status(image_id)) == (400, "queued")
    middle = admin.patch(image_id, add | {"path": "/locations/0"})
    assert middle.status_code == 400


def test_a_deleted_image_leaves_what_is_elsewhere_alone(cloud: ImageCloud, admin, web: Web):
    image_id = admin.create()
    _add(admin, image_id, web.url("/disk"))
    asked = len(web.heads)

    assert admin("DELETE", f"/images/{image_id}").status_code == 204
    cloud.work()

    assert cloud.image(image_id).status == "deleted"
    assert len(web.heads) == asked
