"""Image v2 as its clients speak it; the bytes lie in a folder."""

import dataclasses
from typing import Any

import pytest

from appliance import config, ids, queue
from appliance.db import connection
from services.api import image as image_face
from services.http import answer, app
from services.image import api as image_api
from storage.images import swift
from tests import asgi
from tests.services.api.image.clients import USERS, Client
from tests.services.image import disks


@pytest.fixture
def anybody(
    settings: config.Settings, db: connection.Database, topics: queue.Queue
) -> dict[str, Client]:
    settings = dataclasses.replace(
        settings,
        image=dataclasses.replace(settings.image, store="file", size_bytes_max=1 << 20),
        api=dataclasses.replace(settings.api, page_max=5),
    )
    verbs = image_api.open_images(
        settings, db, topics, lambda: swift.Access(url="http://127.0.0.1:1/v1", headers={})
    )
    application = app.Application(
        [image_face.face(settings, verbs)], login=USERS.__getitem__, target="api",
        limits=answer.Limits(body_bytes_max=100_000),
    )  # fmt: skip
    client = asgi.client(application, raise_server_exceptions=False)
    return {user: Client(client, user) for user in USERS}


@pytest.fixture
def demo(anybody: dict[str, Client]) -> Client:
    return anybody["demo"]


def _replace(name: str, value: object) -> dict[str, Any]:
    return {"op": "replace", "path": f"/{name}", "value": value}


def test_versions_are_found(demo: Client):
    for url in ("/image", "/image/", "/image/v2/"):
        answered = demo._client.get(url)
        assert answered.status_code == 300
        assert answered.json()["versions"][0]["status"] == "CURRENT"


def test_an_image_is_made_filled_shown_and_fetched(demo: Client):
    image_id = demo.create(os_distro="none", tags=["a"])
    data = disks.raw(200_000)

    assert demo.upload(image_id, data).status_code == 204

    shown = demo("GET", f"/images/{image_id}").json()
    assert shown["status"] == "active"
    assert (shown["size"], shown["virtual_size"]) == (len(data), len(data))
    assert (shown["os_distro"], shown["tags"], shown["visibility"]) == ("none", ["a"], "shared")
    assert (shown["os_hash_algo"], len(shown["os_hash_value"])) == ("sha512", 128)
    assert shown["created_at"].endswith("Z")
    assert len(shown["created_at"]) == len("2010-10-21T16:42:07Z")
    fetched = demo("GET", shown["file"].removeprefix("/v2"))
    assert fetched.content == data
    assert fetched.headers["Content-MD5"] == shown["checksum"]
    assert fetched.headers["Content-Length"] == str(len(data))


@pytest.mark.parametrize(
    ("wanted", "status", "part"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=249990-", 206, slice(249_990, None)),
        ("bytes=-10", 206, slice(249_990, None)),
        ("bytes=5-999999999", 206, slice(5, None)),
        ("bytes=0-249999", 200, slice(None)),
        ("bytes=0-4,9-12", 200, slice(None)),
        ("bytes=-", 200, slice(None)),
        ("bytes=250000-", 416, None),
        ("bytes=9-5", 416, None),
        ("bytes=-0", 416, None),
    ],
)
def test_a_range_is_a_part_of_it(demo: Client, wanted, status, part):
    data = disks.raw(250_000)
    image_id = demo.create()
    demo.upload(image_id, data)

    answered = demo("GET", f"/images/{image_id}/file", headers={"Range": wanted})

    assert answered.status_code == status
    if part is not None:
        assert answered.content == data[part]
    if status == 206:
        start = part.start
        expected = f"bytes {start}-{start + len(answered.content) - 1}/250000"
        assert answered.headers["Content-Range"] == expected
    if status == 416:
        assert answered.headers["Content-Range"] == "bytes */250000"


def test_an_image_without_bytes_has_no_content(demo: Client):
    assert demo("GET", f"/images/{demo.create()}/file").status_code == 204


@pytest.mark.parametrize(
    ("data", "said", "status"),
    [
        (disks.raw(), {"disk_format": "qcow2"}, 415),
        (disks.qcow2(), {"disk_format": "raw"}, 415),
        (disks.qcow2(backing_file="/etc/passwd"), {"disk_format": "qcow2"}, 415),
        (disks.raw(2 << 20), {}, 413),
        (iter([disks.raw(1 << 20)] * 2), {}, 413),
        (disks.raw(), {"disk_format": None}, 400),
        (disks.raw(), {"container_format": None}, 400),
    ],
)
def test_a_bad_upload_is_refused_in_words_and_the_image_queued(demo, data, said, status):
    image_id = demo.create(**said)

    answered = demo.upload(image_id, data)

    assert answered.status_code == status
    assert answered.headers["Content-Type"].startswith("text/html")
    assert f"<title>{status} " in answered.text
    shown = demo("GET", f"/images/{image_id}").json()
    assert (shown["status"], shown["size"], shown["checksum"]) == ("queued", None, None)


def test_upload_and_its_refusals(demo: Client, anybody: dict[str, Client]):
    image_id = demo.create()

    bare = demo("PUT", f"/images/{image_id}/file", content=b"x", headers={"Content-Type": "a/b"})
    assert bare.status_code == 415
    assert demo.upload(ids.new_uuid(), b"x").status_code == 404
    assert anybody["nova"].upload(image_id, b"x").status_code == 403
    assert demo.upload(image_id, disks.raw()).status_code == 204
    assert demo.upload(image_id, disks.raw()).status_code == 409


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": 1}, 400),
        ({"name": "x" * 256}, 400),
        ({"id": "not a uuid"}, 400),
        ({"min_disk": "1"}, 400),
        ({"min_disk": 2**31}, 400),
        ({"min_ram": 10**30}, 400),
        ({"owner": "o" * 256}, 400),
        ({"min_ram": -1}, 400),
        ({"visibility": "everybody"}, 400),
        ({"disk_format": "floppy"}, 400),
        ({"container_format": "bag"}, 400),
        ({"disk_format": "aki", "container_format": "bare"}, 400),
        ({"kernel_id": "vmlinuz"}, 400),
        ({"ramdisk_id": "../initrd"}, 400),
        ({"os_distro": 1}, 400),
        ({"tags": ["x" * 256]}, 400),
        ({"tags": [str(number) for number in range(129)]}, 413),
        ({"status": "active"}, 403),
        ({"locations": []}, 403),
        ({"os_glance_x": "1"}, 403),
        ({"visibility": "public"}, 403),
        ({"owner": "somebody"}, 403),
        ([], 400),
    ],
)
def test_what_no_image_may_be_is_refused(demo: Client, body, status):
    assert demo("POST", "/images", json=body).status_code == status
    assert demo.names() == []


def test_an_id_of_ones_own_is_taken_once(demo: Client):
    image_id = ids.new_uuid()

    assert demo.create(id=image_id) == image_id
    assert demo("POST", "/images", json={"id": image_id}).status_code == 409


def test_a_patch_changes_what_a_user_may_say(demo: Client):
    image_id = demo.create(old="1", other="2")

    answered = demo.patch(
        image_id,
        _replace("name", "new"),
        _replace("tags", ["b", "a", "a"]),
        _replace("min_disk", 3),
        _replace("old", "3"),
        {"op": "add", "path": "/a~1b~0", "value": "4"},
        {"op": "remove", "path": "/other"},
    )

    shown = answered.json()
    assert (answered.status_code, shown["name"], shown["min_disk"]) == (200, "new", 3)
    assert (shown["tags"], shown["old"], shown["a/b~"]) == (["a", "b"], "3", "4")
    assert "other" not in shown


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (_replace("nothing", "1"), 409),
        ({"op": "remove", "path": "/nothing"}, 409),
        ({"op": "remove", "path": "/name"}, 403),
        (_replace("status", "active"), 403),
        (_replace("id", "x"), 403),
        (_replace("visibility", "public"), 403),
        (_replace("min_ram", "much"), 400),
        (_replace("min_ram", 2**63), 400),
        (_replace("a/b", "1"), 400),
        ({"op": "replace", "path": "name", "value": "1"}, 400),
        ({"op": "move", "path": "/name"}, 400),
    ],
)
def test_a_patch_that_cannot_be_changes_nothing(demo: Client, change, status):
    image_id = demo.create()
    before = demo("GET", f"/images/{image_id}").json()

    assert demo.patch(image_id, _replace("name", "new"), change).status_code == status
    assert demo("GET", f"/images/{image_id}").json() == before


def test_an_import_that_failed_is_said_and_its_image_can_still_be_changed(
    demo: Client, db: connection.Database
):
    image_id = demo.create()
    with db.transaction() as tx:
        tx.execute("UPDATE images SET reason = 'no gzip'")

    patched = demo.patch(image_id, {"op": "replace", "path": "/name", "value": "mine"})
    forged = demo.patch(image_id, {"op": "add", "path": "/os_glance_failed_import", "value": "x"})

    assert patched.json()["name"] == "mine"
    assert forged.status_code == 403
    assert demo("GET", f"/images/{image_id}").json()["os_glance_failed_import"] == "no gzip"


def test_a_patch_needs_its_media_type(demo: Client):
    assert demo("PATCH", f"/images/{demo.create()}", json=[]).status_code == 415


def test_formats_are_fixed_once_there_are_bytes(demo: Client):
    image_id = demo.create()
    assert demo.patch(image_id, _replace("disk_format", "raw")).status_code == 200
    demo.upload(image_id, disks.raw())

    assert demo.patch(image_id, _replace("disk_format", "qcow2")).status_code == 403
    assert demo.patch(image_id, _replace("name", "new")).status_code == 200


def test_a_public_image_is_an_admins_to_make_and_everybodys_to_use(anybody: dict[str, Client]):
    admin, demo = anybody["admin"], anybody["demo"]
    image_id = admin.create(visibility="public", name="everybody's")
    admin.upload(image_id, disks.raw())

    assert demo.names() == ["everybody's"]
    assert demo("GET", f"/images/{image_id}/file").content == disks.raw()
    assert demo.patch(image_id, _replace("name", "mine")).status_code == 403
    assert demo("DELETE", f"/images/{image_id}").status_code == 403


def test_a_worker_fetches_any_image(anybody: dict[str, Client]):
    image_id = anybody["demo"].create(visibility="private")
    anybody["demo"].upload(image_id, disks.raw())

    assert anybody["nova"]("GET", f"/images/{image_id}/file").content == disks.raw()


def test_a_protected_image_cannot_be_deleted_until_it_is_not(demo: Client):
    image_id = demo.create(protected=True)

    assert demo("DELETE", f"/images/{image_id}").status_code == 403
    demo.patch(image_id, _replace("protected", False))
    assert demo("DELETE", f"/images/{image_id}").status_code == 204
    assert demo("DELETE", f"/images/{image_id}").status_code == 404
    assert demo("GET", f"/images/{image_id}").status_code == 404


def test_tags_come_and_go(demo: Client):
    image_id = demo.create()

    assert demo("PUT", f"/images/{image_id}/tags/a%20b").status_code == 204
    assert demo("PUT", f"/images/{image_id}/tags/a%20b").status_code == 204
    assert demo("GET", f"/images/{image_id}").json()["tags"] == ["a b"]
    assert demo("DELETE", f"/images/{image_id}/tags/a%20b").status_code == 204
    assert demo("DELETE", f"/images/{image_id}/tags/a%20b").status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["c", "b", "a"]),
        ("?sort_key=name&sort_dir=asc", ["a", "b", "c"]),
        ("?sort=disk_format:asc,name:desc", ["b", "c", "a"]),
        ("?name=b", ["b"]),
        ("?name=in:a,%22c%22", ["c", "a"]),
        ("?name=in:", []),
        ("?name=in:" + "b," * 900, ["b"]),
        ("?" + "tag=x&" * 200, ["b", "a"]),
        ("?status=queued&disk_format=raw", ["c", "a"]),
        ("?visibility=private", ["c"]),
        ("?visibility=all", ["c", "b", "a"]),
        ("?tag=x", ["b", "a"]),
        ("?tag=x&tag=y", ["b"]),
        ("?os_distro=none", ["a"]),
        ("?os_hidden=true", ["hidden"]),
        ("?protected=true", ["b"]),
        ("?min_disk=2", ["a"]),
        ("?size_min=1", []),
        ("?created_at=gte:2020-01-01T00:00:00Z", ["c", "b", "a"]),
        ("?updated_at=lt:2020-01-01", []),
        ("?member_status=all", ["c", "b", "a"]),
    ],
)
def test_a_list_is_filtered_and_sorted(demo: Client, query, expected):
    demo.create(name="a", os_distro="none", tags=["x"], min_disk=2)
    demo.create(name="b", disk_format="qcow2", tags=["x", "y"], protected=True)
    demo.create(name="c", visibility="private")
    demo.create(name="hidden", os_hidden=True)

    assert demo.names(query) == expected


@pytest.mark.parametrize(
    "query",
    [
        "limit=-1", "limit=x", "marker=nothing", "sort_key=secret", "sort_dir=up", "sort=name:up",
        "sort=name&sort_key=name", "sort_key=name&sort_dir=asc&sort_dir=asc", "size_min=x",
        "protected=maybe", "visibility=none", "created_at=gt:yesterday", "name=in:%22a",
        "name=in:" + "a," * 1200, "tag=x&" * 1200, "".join(f"p{n}=x&" for n in range(1200)),
        "created_at=lt:0001-01-01T00:00:00%2B14:00", "updated_at=9999-12-31T23:59:59-14:00",
    ],
)  # fmt: skip
def test_a_query_that_means_nothing_is_bad(demo: Client, query):
    assert demo("GET", f"/images?{query}").status_code == 400


def test_a_long_list_goes_on_at_next(demo: Client):
    for name in "abcdefg":
        demo.create(name=name)
    url, found = "/images?limit=3&sort_key=name&sort_dir=asc", []
    while url:
        page = demo("GET", url).json()
        found += [image["name"] for image in page["images"]]
        url = page.get("next", "").removeprefix("/v2")

    assert "".join(found) == "abcdefg"
    assert len(demo.names("?limit=100")) == 5


def test_schemas_and_stores_are_told(demo: Client):
    schema = demo("GET", "/schemas/image").json()
    kernel = demo.create()
    made = demo.create(kernel_id=kernel, ramdisk_id=kernel)
    image = demo("GET", f"/images/{made}").json()

    assert set(image) == set(schema["properties"])
    assert demo("GET", "/schemas/images").json()["name"] == "images"
    stores = demo("GET", "/info/stores").json()["stores"]
    assert stores == [
        {"id": "file", "default": "true", "weight": 1}, {"id": "swift", "weight": 0},
    ]  # fmt: skip
    methods = demo("GET", "/info/import").json()["import-methods"]["value"]
    assert methods == ["glance-direct", "web-download", "copy-image", "glance-download"]
