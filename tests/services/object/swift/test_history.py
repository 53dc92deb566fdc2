"""What an object was before."""

import json

import pytest
from starlette.testclient import TestClient

from tests.services.object.conftest import STRANGER

A, C, O, V = "/v1/AUTH_p", "/v1/AUTH_p/c", "/v1/AUTH_p/c/o", "/v1/AUTH_p/old"  # noqa: E741


@pytest.fixture(params=["X-Versions-Location", "X-History-Location"])
def mode(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def versioned(swifty: TestClient, mode: str) -> TestClient:
    swifty.put(V)
    assert swifty.post(C, headers={mode: "old"}).status_code == 204
    return swifty


def names(client: TestClient, prefix: str = "") -> list[str]:
    return [row["name"] for row in client.get(f"{V}?format=json&prefix={prefix}").json()]


def test_every_version_but_the_last_is_kept(versioned: TestClient, mode: str):
    for data in (b"one", b"two", b"three"):
        versioned.put(O, content=data, headers={"X-Object-Meta-N": data.decode()})

    kept = names(versioned)
    assert [name.rpartition("/")[0] for name in kept] == ["001o", "001o"]
    assert [versioned.get(f"{V}/{name}").content for name in kept] == [b"one", b"two"]
    assert versioned.get(f"{V}/{kept[0]}").headers["x-object-meta-n"] == "one"
    assert versioned.get(O).content == b"three"
    assert versioned.head(C).headers[mode.lower()] == "old"
    assert versioned.head(C).headers["x-container-object-count"] == "1"


@pytest.mark.parametrize("mode", ["X-Versions-Location"], indirect=True)
def test_a_delete_brings_the_last_version_back(versioned: TestClient):
    versioned.put(O, content=b"one", headers={"Content-Type": "text/x"})
    versioned.put(O, content=b"two")

    assert versioned.delete(O).status_code == 204
    assert versioned.get(O).content == b"one"
    assert versioned.get(O).headers["content-type"] == "text/x"
    assert names(versioned) == []
    assert versioned.delete(O).status_code == 204
    assert versioned.get(O).status_code == 404
    assert versioned.delete(O).status_code == 404


@pytest.mark.parametrize("mode", ["X-History-Location"], indirect=True)
def test_a_delete_leaves_a_mark_in_the_history(versioned: TestClient):
    versioned.put(O, content=b"one")

    assert versioned.delete(O).status_code == 204
    assert versioned.get(O).status_code == 404
    data, mark = names(versioned)
    assert versioned.get(f"{V}/{data}").content == b"one"
    assert versioned.head(f"{V}/{mark}").headers["content-type"] == (
        "application/x-deleted;swift_versions_deleted=1"
    )
    assert versioned.delete(O).status_code == 404
    assert len(names(versioned)) == 2
    versioned.post(C, headers={"X-Versions-Location": "old"})
    versioned.put(O, content=b"again")
    versioned.delete(O)
    assert versioned.get(O).content == b"one"  # the mark is passed over


def test_a_copy_is_a_version_too(versioned: TestClient):
    versioned.put(f"{C}/source", content=b"new")
    versioned.put(O, content=b"old")

    versioned.request("COPY", f"{C}/source", headers={"Destination": "c/o"})

    (kept,) = names(versioned, "001o")
    assert versioned.get(f"{V}/{kept}").content == b"old"
    assert versioned.get(O).content == b"new"


def test_a_manifest_is_kept_as_it_is(versioned: TestClient):
    versioned.put(f"{A}/parts")
    versioned.put(f"{A}/parts/1", content=b"segment")
    versioned.put(f"{O}?multipart-manifest=put", content=json.dumps([{"path": "parts/1"}]))

    versioned.put(O, content=b"plain")

    (kept,) = names(versioned)
    assert versioned.get(f"{V}/{kept}").content == b"segment"


def test_without_its_archive_nothing_is_overwritten(versioned: TestClient):
    versioned.put(O, content=b"one")
    versioned.delete(V)

    assert versioned.put(O, content=b"two").status_code == 412
    assert versioned.get(O).content == b"one"


def test_whoever_may_write_moves_versions_and_reads_none(versioned: TestClient):
    versioned.post(C, headers={"X-Container-Write": "q:*"})
    versioned.put(O, content=b"one")

    assert versioned.put(O, content=b"two", headers=STRANGER).status_code == 201
    (kept,) = names(versioned)
    assert versioned.get(f"{V}/{kept}", headers=STRANGER).status_code == 403


def test_one_mode_ends_the_other_and_both_are_refused(versioned: TestClient):
    both = {"X-Versions-Location": "old", "X-History-Location": "old"}
    assert versioned.post(C, headers=both).status_code == 400
    assert versioned.post(C, headers={"X-Versions-Location": "a/b"}).status_code == 412

    versioned.post(C, headers={"X-History-Location": "old"})
    versioned.post(C, headers={"X-Versions-Location": "new%20one"})
    shown = versioned.head(C).headers
    assert shown["x-versions-location"] == "new%20one"
    assert "x-history-location" not in shown


def test_versions_are_no_more_kept_when_it_is_removed(versioned: TestClient, mode: str):
    versioned.put(O, content=b"one")
    versioned.post(C, headers={f"X-Remove-{mode[2:]}": "x"})

    versioned.put(O, content=b"two")

    assert names(versioned) == []
