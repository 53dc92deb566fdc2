"""What the Image API says of itself: versions, schemas, stores, ways to import."""

from tests.services.api.image.clients import Client
from tests.services.api.image.conftest import ImageCloud


def test_the_newest_version_is_current_and_the_others_supported(cloud: ImageCloud):
    client = cloud.users["demo"]._client
    for url in ("/image", "/image/", "/image/v2", "/image/v2/"):
        answered = client.get(url)
        assert answered.status_code == 300
        versions = answered.json()["versions"]
    assert client.get("/image/versions").status_code == 200
    assert (versions[0]["id"], versions[-1]["id"]) == ("v2.13", "v2.0")
    assert [one["status"] for one in versions].count("CURRENT") == 1
    assert versions[0]["links"][0]["href"].endswith("/image/v2/")


def test_stores_are_told_to_all_and_their_kinds_to_admins(demo: Client, admin: Client):
    stores = demo("GET", "/info/stores").json()["stores"]
    assert [one["id"] for one in stores] == ["file", "swift"]
    assert [one.get("default") for one in stores] == ["true", None]
    assert demo("GET", "/info/stores/detail").status_code == 403
    detail = admin("GET", "/info/stores/detail").json()["stores"]
    assert [one["type"] for one in detail] == ["file", "swift"]


def test_ways_to_import_are_told(demo: Client):
    said = demo("GET", "/info/import").json()["import-methods"]
    assert said["value"] == ["glance-direct", "web-download", "copy-image", "glance-download"]
    made = demo("POST", "/images", json={})
    assert made.headers["OpenStack-image-import-methods"] == ",".join(said["value"])
    assert made.headers["OpenStack-image-store-ids"] == "file,swift"


def test_every_schema_has_the_properties_of_what_it_describes(demo: Client):
    image_id = demo.create(visibility="shared")
    demo("POST", f"/images/{image_id}/members", json={"member": "other"})
    (member,) = demo("GET", f"/images/{image_id}/members").json()["members"]
    body = {"method": {"name": "web-download", "uri": "http://93.184.216.34/"}}
    demo("POST", f"/images/{image_id}/import", json=body)
    (task,) = demo("GET", f"/images/{image_id}/tasks").json()["tasks"]

    for name, shown in (("member", member), ("task", task)):
        schema = demo("GET", f"/schemas/{name}").json()
        assert not shown.keys() - schema["properties"].keys() - {"progress"}
        assert demo("GET", f"/schemas/{name}s").json()["properties"][f"{name}s"]["items"] == schema


def test_nothing_but_versions_is_told_without_a_token(cloud: ImageCloud):
    client = cloud.users["demo"]._client
    for url in ("/v2/images", "/v2/tasks", "/v2/schemas/image", "/v2/info/stores"):
        answered = client.get(f"/image{url}", headers={})
        assert answered.status_code == 401
