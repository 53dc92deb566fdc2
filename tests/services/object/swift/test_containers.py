"""Accounts and containers answer as Swift's do."""

import xml.etree.ElementTree as ET

import pytest
from starlette.testclient import TestClient

C = "/v1/AUTH_p/c"


def test_an_account_nobody_used_is_empty(client: TestClient):
    answer = client.head("/v1/AUTH_p")

    assert answer.status_code == 204
    assert answer.headers["x-account-container-count"] == "0"


def test_a_container_is_made_once(client: TestClient):
    assert [client.put(C).status_code for _ in range(2)] == [201, 202]
    assert client.head("/v1/AUTH_p").headers["x-account-container-count"] == "1"


def test_a_container_is_deleted_when_empty(swifty: TestClient):
    swifty.put(f"{C}/o", content=b"x")
    assert swifty.delete(C).status_code == 409
    swifty.delete(f"{C}/o")

    assert [swifty.delete(C).status_code for _ in range(2)] == [204, 404]


@pytest.mark.parametrize("verb", ["GET", "HEAD", "POST", "DELETE"])
def test_a_container_that_is_not_there_is_not_found(client: TestClient, verb: str):
    assert client.request(verb, "/v1/AUTH_p/missing").status_code == 404


@pytest.mark.parametrize(("path", "kind"), [("/v1/AUTH_p", "Account"), (C, "Container")])
def test_metadata_is_set_kept_and_removed(swifty: TestClient, path: str, kind: str):
    meta = f"X-{kind}-Meta-"
    swifty.post(path, headers={meta + "Color": "blue", meta + "Size": "XL", meta + "Old": "1"})
    swifty.post(path, headers={f"X-Remove-{kind}-Meta-Color": "x", meta + "Old": ""})

    answer = swifty.head(path)
    assert (meta + "Color") not in answer.headers
    assert (meta + "Old") not in answer.headers
    assert answer.headers[meta + "Size"] == "XL"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("x" * 129, "v", "Metadata name too long: "),
        ("a", "v" * 257, "Metadata value longer than 256: A"),
        ("", "v", "Metadata name cannot be empty"),
    ],
)
def test_metadata_over_a_limit_is_refused(swifty: TestClient, name: str, value: str, text: str):
    answer = swifty.post(C, headers={f"X-Container-Meta-{name}": value})

    assert answer.status_code == 400
    assert answer.text.startswith(text)


def test_too_many_metadata_are_refused(swifty: TestClient):
    many = {f"X-Container-Meta-{number}": "v" for number in range(91)}
    large = {f"X-Container-Meta-{number}": "v" * 200 for number in range(25)}

    assert swifty.post(C, headers=many).text == "Too many metadata items; max 90"
    assert swifty.post(C, headers=large).text == "Total metadata too large; max 4096"


def test_a_long_name_is_refused(client: TestClient):
    answer = client.put("/v1/AUTH_p/" + "c" * 257)

    assert answer.status_code == 400
    assert answer.text == "Container name length of 257 longer than 256"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/xml", (200, "text/xml; charset=utf-8")),
        ("text/html, */*;q=0.8", (200, "text/plain; charset=utf-8")),
        ("text/html", (406, "text/html; charset=UTF-8")),
    ],
)
def test_a_listing_comes_as_it_is_accepted_or_not(
    swifty: TestClient, accept: str, expected: tuple[int, str]
):
    swifty.put(f"{C}/o")

    for path in (C, "/v1/AUTH_p"):
        answer = swifty.get(path, headers={"Accept": accept})
        assert expected == (answer.status_code, answer.headers["content-type"])


def test_a_listing_is_plain_json_or_xml(swifty: TestClient):
    swifty.put(f"{C}/a&b", content=b"hello", headers={"Content-Type": "text/x"})
    swifty.put(f"{C}/d/e", content=b"")

    plain = swifty.get(C)
    rows = swifty.get(C, params={"format": "json", "delimiter": "/"}).json()
    xml = swifty.get(C, params={"delimiter": "/"}, headers={"Accept": "application/xml"})

    assert plain.text == "a&b\nd/e\n"
    assert plain.headers["x-container-object-count"] == "2"
    date = rows[0].pop("last_modified")
    assert len(date) == len("2010-09-28T20:29:16.567890")
    assert rows == [
        {
            "name": "a&b",
            "bytes": 5,
            "hash": "5d41402abc4b2a76b9719d911017c592",
            "content_type": "text/x",
        },
        {"subdir": "d/"},
    ]
    root = ET.fromstring(xml.text)
    assert (root.tag, root.get("name")) == ("container", "c")
    assert [child.tag for child in root] == ["object", "subdir"]
    assert [child.findtext("name") for child in root] == ["a&b", "d/"]


def test_an_account_lists_containers_with_counts(swifty: TestClient):
    swifty.put(f"{C}/o", content=b"hello")

    (row,) = swifty.get("/v1/AUTH_p", params={"format": "json"}).json()
    assert (row["name"], row["count"], row["bytes"]) == ("c", 1, 5)
    xml = ET.fromstring(swifty.get("/v1/AUTH_p?format=xml").text)
    assert (xml.tag, xml[0].findtext("count")) == ("account", "1")


def test_an_empty_listing_has_no_content_but_json_has(swifty: TestClient):
    assert swifty.get(C).status_code == 204
    assert swifty.get(C, params={"format": "json"}).json() == []


def test_a_listing_is_paged(swifty: TestClient):
    for name in "abcde":
        swifty.put(f"{C}/{name}", content=b"")

    assert swifty.get(C, params={"limit": 2, "marker": "b"}).text == "c\nd\n"
    assert swifty.get(C, params={"end_marker": "b"}).text == "a\n"
    assert swifty.get(C, params={"reverse": "true", "limit": 2}).text == "e\nd\n"
    assert swifty.get(C, params={"limit": "x"}).text == "a\nb\nc\nd\ne\n"
    too_many = swifty.get(C, params={"limit": 10001})
    assert (too_many.status_code, too_many.text) == (412, "Maximum limit is 10000")


def test_a_slash_at_the_end_is_no_other_path(swifty: TestClient):
    assert swifty.get("/v1/AUTH_p/").text == "c\n"
    assert swifty.put(C + "/").status_code == 202


def test_an_admin_deletes_an_empty_account(swifty: TestClient):
    admin = {"X-Auth-Token": "admin"}
    assert swifty.delete("/v1/AUTH_p", headers=admin).status_code == 409
    swifty.delete(C)
    assert swifty.delete("/v1/AUTH_p", headers=admin).status_code == 204


def test_a_path_lists_what_is_just_below_it(swifty: TestClient):
    names = ("a/", "a/1", "a/2/", "a/2/x", "a/3/y", "b", "a", "a/0")
    for name in names:
        swifty.put(f"/v1/AUTH_p/c/{name}", content=b"")

    def listed(query: str) -> list[str]:
        return swifty.get(f"/v1/AUTH_p/c?{query}").text.splitlines()

    assert listed("path=a") == listed("path=a/") == ["a/0", "a/1", "a/2/"]
    assert listed("path=") == ["a", "a/", "b"]
    assert listed("path=a&limit=1") == ["a/0"]
    assert listed("path=a&limit=1&marker=a/0") == ["a/1"]
    assert listed("path=a&reverse=true") == ["a/2/", "a/1", "a/0"]
    assert listed("path=none") == []


def test_a_listing_of_what_is_no_text_is_refused(swifty: TestClient):
    for query in ("prefix=%00", "marker=%FF", "delimiter=%00", "path=%00", "end_marker=%FF"):
        assert swifty.get(f"/v1/AUTH_p/c?{query}").status_code == 412


def test_there_is_one_storage_policy(client: TestClient):
    assert client.put("/v1/AUTH_p/c", headers={"X-Storage-Policy": "gold"}).status_code == 400
    assert client.put("/v1/AUTH_p/c", headers={"X-Storage-Policy": "Policy-0"}).status_code == 201
    account = client.head("/v1/AUTH_p").headers
    assert account["x-account-storage-policy-policy-0-container-count"] == "1"


def test_a_quiet_sync_is_not_promised(swifty: TestClient):
    swifty.post("/v1/AUTH_p/c", headers={"X-Container-Sync-To": "//realm/cluster/account/c"})

    assert "x-container-sync-to" not in swifty.head("/v1/AUTH_p/c").headers
