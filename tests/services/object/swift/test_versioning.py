"""Object versioning: every version has an id, and can be read, restored and removed by it."""

import pytest
from starlette.testclient import TestClient

from tests.services.object.conftest import NOBODY, STRANGER

A, C, O = "/v1/AUTH_p", "/v1/AUTH_p/c", "/v1/AUTH_p/c/o"  # noqa: E741
ID = "x-object-version-id"
MARKER = "application/x-deleted;swift_versions_deleted=1"


@pytest.fixture
def versioned(swifty: TestClient) -> TestClient:
    assert swifty.post(C, headers={"X-Versions-Enabled": "true"}).status_code == 204
    return swifty


def put(client: TestClient, data: bytes, name: str = "o") -> str:
    answer = client.put(f"{C}/{name}", content=data)
    assert answer.status_code == 201
    return answer.headers[ID]


def listed(client: TestClient, **query: str) -> list[dict[str, object]]:
    answer = client.get(f"{C}?versions", params={"versions": "", **query})
    assert answer.status_code == 200
    rows: list[dict[str, object]] = answer.json()
    return rows


def test_a_container_says_that_it_keeps_versions(client: TestClient):
    assert client.put(C, headers={"X-Versions-Enabled": "True"}).status_code == 201
    assert client.head(C).headers["x-versions-enabled"] == "True"
    client.put(O, content=b"12345")
    client.put(O, content=b"1")
    assert client.head(C).headers["x-container-bytes-used"] == "6"
    assert client.head(C).headers["x-container-object-count"] == "1"

    client.post(C, headers={"X-Versions-Enabled": "false"})
    assert client.head(C).headers["x-versions-enabled"] == "False"
    assert "object_versioning" in client.get("/info").json()


def test_versions_are_had_by_their_ids(versioned: TestClient):
    first, second = put(versioned, b"1"), put(versioned, b"22")

    assert versioned.get(O).headers[ID] == second
    for version, data in ((first, b"1"), (second, b"22")):
        got = versioned.get(f"{O}?version-id={version}")
        assert (got.content, got.headers[ID]) == (data, version)
        assert "content-location" not in got.headers
        head = versioned.head(f"{O}?version-id={version}")
        assert (head.headers["content-length"], head.headers[ID]) == (str(len(data)), version)
    ranged = versioned.get(f"{O}?version-id={second}", headers={"Range": "bytes=1-1"})
    assert (ranged.status_code, ranged.content) == (206, b"2")
    assert versioned.get(f"{O}?version-id=nonsense").status_code == 404


def test_a_version_keeps_its_date_and_metadata(versioned: TestClient):
    versioned.put(O, content=b"1", headers={"X-Object-Meta-N": "1", "Content-Type": "text/x"})
    before = versioned.head(O).headers
    put(versioned, b"2")

    after = versioned.head(f"{O}?version-id={before[ID]}").headers

    for name in ("etag", "last-modified", "x-timestamp", "x-object-meta-n", "content-type", ID):
        assert after[name] == before[name]


def test_all_versions_are_listed(versioned: TestClient):
    first, second = put(versioned, b"1"), put(versioned, b"22")
    other = put(versioned, b"x", "other")
    marker = versioned.delete(O).headers[ID]

    rows = listed(versioned)

    assert [(r["name"], r["version_id"], r["is_latest"], r["bytes"]) for r in rows] == [
        ("o", marker, True, 0), ("o", second, False, 2), ("o", first, False, 1),
        ("other", other, True, 1),
    ]  # fmt: skip
    assert rows[0]["content_type"] == MARKER
    assert rows[2]["hash"] == "c4ca4238a0b923820dcc509a6f75849b"
    assert [r["name"] for r in versioned.get(f"{C}?format=json").json()] == ["other"]


def test_pages_of_versions_meet(versioned: TestClient):
    for name in ("a", "b/1", "b/2", "c"):
        put(versioned, b"1", name)
        put(versioned, b"2", name)
    whole = [(r["name"], r["version_id"]) for r in listed(versioned)]

    found, marker = [], ("", "")
    while page := listed(
        versioned,
        limit="3",
        **({"marker": marker[0], "version_marker": marker[1]} if found else {}),
    ):
        found += [(r["name"], r["version_id"]) for r in page]
        marker = found[-1]
    assert found == whole
    assert len(whole) == 8
    rolled = listed(versioned, delimiter="/")
    assert [r.get("subdir") or r["name"] for r in rolled] == ["a", "a", "b/", "c", "c"]
    assert {r["name"] for r in listed(versioned, prefix="b/", marker="b/1")} == {"b/2"}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("versions&format=xml", 406), ("versions&format=plain", 406),
        ("versions&version_marker=x", 400), ("versions&reverse=on", 400),
        ("versions&limit=10001", 412),
    ],
)  # fmt: skip
def test_what_a_listing_of_versions_has_not_is_refused(
    versioned: TestClient, query: str, status: int
):
    assert versioned.get(f"{C}?{query}").status_code == status


def test_a_delete_is_a_marker_and_by_id_for_good(versioned: TestClient):
    first, second = put(versioned, b"1"), put(versioned, b"2")
    marker = versioned.delete(O).headers[ID]
    assert versioned.get(O).status_code == 404
    gone = versioned.get(f"{O}?version-id={marker}")
    assert (gone.status_code, gone.headers[ID]) == (404, marker)

    assert versioned.delete(f"{O}?version-id={second}").headers[ID] == second
    assert versioned.get(f"{O}?version-id={second}").status_code == 404
    assert versioned.delete(f"{O}?version-id={marker}").status_code == 204
    assert versioned.get(O).status_code == 404  # as in Swift: nothing comes back by itself
    assert [(r["version_id"], r["is_latest"]) for r in listed(versioned)] == [(first, False)]
    assert versioned.delete(f"{O}?version-id={second}").status_code == 404


def test_a_delete_of_nothing_is_marked_and_not_found(versioned: TestClient):
    answer = versioned.delete(O)

    assert answer.status_code == 404
    assert [r["version_id"] for r in listed(versioned)] == [answer.headers[ID]]


def test_the_current_version_removed_by_id_is_gone(versioned: TestClient):
    first, second = put(versioned, b"1"), put(versioned, b"2")

    assert versioned.delete(f"{O}?version-id={second}").status_code == 204

    assert versioned.get(O).status_code == 404
    assert versioned.get(f"{O}?version-id={first}").content == b"1"


def test_a_version_is_made_current_again(versioned: TestClient):
    first, second = put(versioned, b"1"), put(versioned, b"2")

    answer = versioned.put(f"{O}?version-id={first}", content=b"")

    assert (answer.status_code, answer.headers[ID]) == (201, first)
    assert (versioned.get(O).content, versioned.get(O).headers[ID]) == (b"1", first)
    assert [(r["version_id"], r["is_latest"]) for r in listed(versioned)] == [
        (first, True), (second, False),
    ]  # fmt: skip
    third = put(versioned, b"3")
    assert [r["version_id"] for r in listed(versioned)] == [third, second, first]
    marker = versioned.delete(O).headers[ID]
    versioned.put(f"{O}?version-id={second}", content=b"")
    assert versioned.get(O).content == b"2"
    assert [r["version_id"] for r in listed(versioned)] == [second, marker, third, first]


def test_what_is_no_version_is_not_made_current(versioned: TestClient):
    put(versioned, b"1")
    marker = versioned.delete(O).headers[ID]

    for version, status in (("null", 400), ("0" * 32, 404), (marker, 404)):
        assert versioned.put(f"{O}?version-id={version}", content=b"").status_code == status
    version = put(versioned, b"2")
    assert versioned.put(f"{O}?version-id={version}", content=b"x").status_code == 400


def test_a_post_changes_the_current_version_and_makes_none(versioned: TestClient):
    version = put(versioned, b"1")

    assert versioned.post(O, headers={"X-Object-Meta-N": "1"}).status_code == 202

    assert versioned.head(O).headers["x-object-meta-n"] == "1"
    assert [r["version_id"] for r in listed(versioned)] == [version]
    assert versioned.post(f"{O}?version-id={version}").status_code == 400


def test_an_older_version_is_copied(versioned: TestClient):
    first = put(versioned, b"1")
    put(versioned, b"2")

    copied = versioned.request(
        "COPY", f"{O}?version-id={first}", headers={"Destination": "c/copied"}
    )
    again = versioned.put(f"{C}/again", headers={"X-Copy-From": f"c/o?version-id={first}"})

    assert (copied.status_code, again.status_code) == (201, 201)
    assert versioned.get(f"{C}/copied").content == versioned.get(f"{C}/again").content == b"1"
    assert versioned.get(f"{C}/copied").headers[ID] == copied.headers[ID] != first


def test_a_container_without_versions_has_none_by_id(swifty: TestClient):
    swifty.put(O, content=b"1")

    assert swifty.get(f"{O}?version-id={'0' * 32}").status_code == 400
    assert swifty.delete(f"{O}?version-id={'0' * 32}").status_code == 400
    assert swifty.get(f"{O}?version-id=null").content == b"1"
    assert [r["version_id"] for r in listed(swifty)] == ["null"]


def test_it_excludes_versions_in_another_container(swifty: TestClient):
    swifty.put(f"{A}/old")
    both = {"X-Versions-Enabled": "true", "X-Versions-Location": "old"}
    assert swifty.post(C, headers=both).status_code == 400
    assert swifty.put(f"{A}/new", headers=both).status_code == 400
    swifty.post(C, headers={"X-History-Location": "old"})
    assert swifty.post(C, headers={"X-Versions-Enabled": "true"}).status_code == 400

    changed = {"X-Remove-History-Location": "x", "X-Versions-Enabled": "true"}
    assert swifty.post(C, headers=changed).status_code == 204
    assert swifty.post(C, headers={"X-Versions-Location": "old"}).status_code == 400
    assert "x-versions-location" not in swifty.head(C).headers


def test_who_may_not_read_reads_no_version(versioned: TestClient):
    version = put(versioned, b"1")
    put(versioned, b"2")

    assert versioned.get(f"{O}?version-id={version}", headers=STRANGER).status_code == 403
    assert versioned.get(f"{O}?version-id={version}", headers=NOBODY).status_code == 401
    assert versioned.delete(f"{O}?version-id={version}", headers=STRANGER).status_code == 403
    assert versioned.put(f"{O}?version-id={version}", headers=STRANGER).status_code == 403
    assert versioned.get(f"{C}?versions", headers=STRANGER).status_code == 403
    nowhere = f"{A}/nowhere/o?version-id={version}"
    assert versioned.get(nowhere, headers=NOBODY).status_code == 401
