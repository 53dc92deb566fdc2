"""Metadata definitions on the wire: made whole, checked, seen by whom they are meant for."""

import pytest

from services.image.api.metadefs import MEMBERS_MAX
from tests.services.api.image.clients import Client

ROOT = "/metadefs/namespaces"
PROPERTY = {"title": "Cores", "type": "integer", "minimum": 1}


def _made(admin: Client, **said: object) -> None:
    body = {"namespace": "OS::Test", "visibility": "public"} | said
    answered = admin("POST", ROOT, json=body)
    assert answered.status_code == 201, answered.text


def test_a_namespace_is_shown_with_all_that_is_in_it(admin: Client):
    _made(
        admin, description="d", properties={"cores": PROPERTY},
        objects=[{"name": "cpu", "properties": {"cores": PROPERTY}}], tags=[{"name": "fast"}],
        resource_type_associations=[{"name": "OS::Glance::Image", "prefix": "hw_"}],
    )  # fmt: skip

    shown = admin("GET", f"{ROOT}/OS::Test").json()

    assert shown["properties"] == {"cores": PROPERTY}
    assert [(one["name"], one["properties"]) for one in shown["objects"]] == [
        ("cpu", {"cores": PROPERTY})
    ]
    assert [one["name"] for one in shown["tags"]] == ["fast"]
    assert shown["resource_type_associations"][0]["name"] == "OS::Glance::Image"
    assert shown["owner"] == "admin"


@pytest.mark.parametrize(
    "said",
    [
        {"namespace": ""}, {"namespace": "a/b"}, {"namespace": "n" * 81}, {"namespace": 7},
        {"visibility": "shared"}, {"display_name": "d" * 81}, {"owner": "o" * 256},
        {"properties": {"p" * 81: PROPERTY}}, {"properties": {"p": {"type": "string"}}},
        {"properties": {"p": {"title": "P", "type": "text"}}}, {"properties": {"p": 7}},
        {"properties": {"p": {**PROPERTY, "minimum": "one"}}}, {"objects": [{"properties": {}}]},
        {"objects": [{"name": "o", "properties": {"p": {"title": "P"}}}]},
        {"objects": [{"name": "o", "required": "p"}]}, {"tags": [{"name": ""}]}, {"tags": ["t"]},
        {"resource_type_associations": [{}]},
    ],
)  # fmt: skip
def test_what_no_schema_of_glances_allows_is_bad(admin: Client, said):
    answered = admin("POST", ROOT, json={"namespace": "OS::Test"} | said)

    assert answered.status_code == 400, answered.text
    assert admin("GET", ROOT).json()["namespaces"] == []


def test_a_namespace_of_very_many_members_is_refused_and_takes_no_time(admin: Client):
    """Each member was once looked for among all the others, inside the transaction."""
    _made(admin)
    tags = {"tags": [{"name": str(n)} for n in range(MEMBERS_MAX)]}

    assert admin("POST", f"{ROOT}/OS::Test/tags", json=tags).status_code == 201
    one_more = admin("POST", f"{ROOT}/OS::Test/objects", json={"name": "o"})
    assert one_more.status_code == 413
    assert admin("GET", f"{ROOT}/OS::Test/objects").json()["objects"] == []


def test_tags_take_the_place_of_the_earlier_ones_unless_they_are_appended(admin: Client):
    _made(admin, tags=[{"name": "a"}])
    url = f"{ROOT}/OS::Test/tags"

    admin("POST", url, json={"tags": [{"name": "b"}]})
    append = {"X-OpenStack-Append": "True"}
    assert admin("POST", url, json={"tags": [{"name": "c"}]}, headers=append).status_code == 201
    assert admin("POST", url, json={"tags": [{"name": "c"}]}, headers=append).status_code == 409
    assert admin("POST", f"{url}/d").status_code == 201

    assert [one["name"] for one in admin("GET", url).json()["tags"]] == ["b", "c", "d"]
    assert admin("DELETE", f"{url}/b").status_code == 204
    assert admin("DELETE", f"{url}/b").status_code == 404
    assert admin("DELETE", url).status_code == 204
    assert admin("GET", url).json()["tags"] == []


def test_a_member_is_renamed_unless_the_name_is_taken(admin: Client):
    _made(admin, properties={"a": PROPERTY, "b": PROPERTY})
    url = f"{ROOT}/OS::Test/properties"

    assert admin("PUT", f"{url}/a", json={"name": "b", **PROPERTY}).status_code == 409
    assert admin("PUT", f"{url}/a", json={"name": "c", **PROPERTY}).json()["name"] == "c"
    assert sorted(admin("GET", url).json()["properties"]) == ["b", "c"]
    assert admin("GET", f"{url}/a").status_code == 404


def test_a_private_namespace_is_its_projects_alone(admin: Client, demo: Client, cloud):
    _made(admin, namespace="mine", visibility="private", owner="demo")
    _made(admin, namespace="all")

    assert [one["namespace"] for one in demo("GET", ROOT).json()["namespaces"]] == ["all", "mine"]
    other = cloud.users["other"]
    assert [one["namespace"] for one in other("GET", ROOT).json()["namespaces"]] == ["all"]
    for path in ("", "/objects", "/properties", "/tags", "/resource_types", "/tags/t"):
        assert other("GET", f"{ROOT}/mine{path}").status_code == 404
    assert demo("PUT", f"{ROOT}/all", json={"namespace": "all"}).status_code == 403


def test_a_protected_namespace_stays_until_it_is_not(admin: Client):
    _made(admin, protected=True)

    assert admin("DELETE", f"{ROOT}/OS::Test").status_code == 403
    admin("PUT", f"{ROOT}/OS::Test", json={"namespace": "OS::Other"})
    assert admin("DELETE", f"{ROOT}/OS::Other").status_code == 204
    assert admin("GET", f"{ROOT}/OS::Other").status_code == 404


def test_a_namespace_is_about_types_of_resources(admin: Client):
    _made(admin)
    url = f"{ROOT}/OS::Test/resource_types"

    assert admin("POST", url, json={"name": "My::Type", "prefix": "p"}).status_code == 201
    assert admin("POST", url, json={"name": "My::Type"}).status_code == 409
    (about,) = admin("GET", url).json()["resource_type_associations"]
    assert (about["name"], about["prefix"]) == ("My::Type", "p")
    known = [
        one["name"] for one in admin("GET", "/metadefs/resource_types").json()["resource_types"]
    ]
    assert "My::Type" in known
    assert admin("DELETE", f"{url}/My::Type").status_code == 204
    assert admin("DELETE", f"{url}/My::Type").status_code == 404


def test_schemas_of_every_kind_are_told(demo: Client):
    for one, many in (
        ("namespace", "namespaces"), ("resource_type", "resource_types"),
        ("property", "properties"), ("object", "objects"), ("tag", "tags"),
    ):  # fmt: skip
        assert demo("GET", f"/schemas/metadefs/{one}").json()["properties"]
        assert demo("GET", f"/schemas/metadefs/{many}").json()["properties"]
