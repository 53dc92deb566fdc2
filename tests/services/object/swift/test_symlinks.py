"""Objects that stand for another one."""

import hashlib

import pytest
from starlette.testclient import TestClient

from tests.services.object.conftest import NOBODY, STRANGER

A, C, O, L = "/v1/AUTH_p", "/v1/AUTH_p/c", "/v1/AUTH_p/c/o", "/v1/AUTH_p/c/link"  # noqa: E741
DATA = b"what it leads to"
ETAG = hashlib.md5(DATA, usedforsecurity=False).hexdigest()


@pytest.fixture
def linked(swifty: TestClient) -> TestClient:
    swifty.put(O, content=DATA, headers={"X-Object-Meta-Of": "target"})
    assert put_link(swifty, L, "c/o", **{"Content-Type": "application/symlink"}) == 201
    return swifty


def put_link(client: TestClient, path: str, target: str, **headers: str) -> int:
    return client.put(
        path, content=b"", headers={"X-Symlink-Target": target, **headers}
    ).status_code


def test_a_link_reads_as_its_target(linked: TestClient):
    got, head = linked.get(L), linked.head(L)

    assert got.content == DATA
    assert head.headers["x-object-meta-of"] == "target"
    assert head.headers["content-length"] == str(len(DATA))
    assert got.headers["content-location"] == O
    assert got.headers["etag"] == ETAG
    assert "x-symlink-target" not in got.headers
    assert linked.get(L, headers={"Range": "bytes=0-3"}).content == b"what"


def test_a_link_itself_can_be_read(linked: TestClient):
    got = linked.get(f"{L}?symlink=get")

    assert (got.status_code, got.content) == (200, b"")
    assert got.headers["x-symlink-target"] == "c/o"
    assert got.headers["content-type"] == "application/symlink"


def test_a_listing_says_where_it_leads(linked: TestClient):
    (row, _) = linked.get(f"{C}?format=json").json()

    assert (row["name"], row["symlink_path"], row["bytes"]) == ("link", O, 0)
    assert row["content_type"] == "application/symlink"


def test_a_link_that_leads_nowhere_is_not_found(linked: TestClient):
    linked.delete(O)
    assert linked.get(L).status_code == 404
    assert put_link(linked, f"{C}/other", "none/at all") == 201
    assert linked.get(f"{C}/other").status_code == 404


def test_deleting_a_link_leaves_its_target(linked: TestClient):
    assert linked.delete(L).status_code == 204
    assert linked.get(O).content == DATA


def test_links_lead_so_far_and_never_in_circles(swifty: TestClient):
    for number in range(4):
        put_link(swifty, f"{C}/{number}", f"c/{number + 1}")
    swifty.put(f"{C}/4", content=b"end")

    assert put_link(swifty, L, "c/link") == 400
    assert swifty.get(f"{C}/2").content == b"end"
    assert swifty.get(f"{C}/1").status_code == 409
    put_link(swifty, f"{C}/a", "c/b")
    put_link(swifty, f"{C}/b", "c/a")
    for method in ("GET", "HEAD", "COPY"):
        answer = swifty.request(method, f"{C}/a", headers={"Destination": "c/x"})
        assert answer.status_code == 409, method


@pytest.mark.parametrize("target", ["", "c", "c/", "/", "//o"])
def test_a_target_is_a_path(swifty: TestClient, target: str):
    assert put_link(swifty, L, target) == 412


def test_a_link_has_no_bytes(swifty: TestClient):
    answer = swifty.put(L, content=b"x", headers={"X-Symlink-Target": "c/o"})

    assert answer.status_code == 400
    assert swifty.get(f"{L}?symlink=get").status_code == 404
    assert swifty.post(L, headers={"X-Symlink-Target": "c/o"}).status_code == 400


def test_a_link_opens_nothing_that_is_closed(linked: TestClient):
    linked.put(f"{A}/public", headers={"X-Container-Read": ".r:*"})
    put_link(linked, f"{A}/public/link", "c/o")

    assert linked.get(f"{A}/public/link", headers=NOBODY).status_code == 401
    assert linked.get(f"{A}/public/link", headers=STRANGER).status_code == 403
    linked.post(C, headers={"X-Container-Read": ".r:*"})
    assert linked.get(f"{A}/public/link", headers=NOBODY).content == DATA


def test_a_link_leads_to_another_account_for_who_may(linked: TestClient):
    linked.put("/v1/AUTH_q/d", headers=STRANGER)
    link = {"X-Symlink-Target": "c/o", "X-Symlink-Target-Account": "AUTH_p", **STRANGER}
    assert linked.put("/v1/AUTH_q/d/link", content=b"", headers=link).status_code == 201

    assert linked.get("/v1/AUTH_q/d/link", headers=STRANGER).status_code == 403
    linked.post(C, headers={"X-Container-Read": "q:*"})
    assert linked.get("/v1/AUTH_q/d/link", headers=STRANGER).content == DATA


def test_a_static_link_holds_one_version(linked: TestClient):
    fixed = f"{C}/fixed"
    assert put_link(linked, fixed, "c/o", **{"X-Symlink-Target-Etag": "0" * 32}) == 409
    assert put_link(linked, fixed, "c/none", **{"X-Symlink-Target-Etag": ETAG}) == 404
    assert put_link(linked, fixed, "c/o", **{"X-Symlink-Target-Etag": f'"{ETAG}"'}) == 201

    assert linked.get(fixed).content == DATA
    assert linked.get(f"{fixed}?symlink=get").headers["x-symlink-target-etag"] == ETAG
    linked.put(O, content=b"another")
    assert linked.get(fixed).status_code == 409
    assert linked.get(L).content == b"another"


def test_metadata_of_a_link_is_its_own_and_it_stays_one(linked: TestClient):
    answer = linked.post(L, headers={"X-Object-Meta-A": "1"}, follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (307, O)
    assert linked.get(f"{L}?symlink=get").headers["x-object-meta-a"] == "1"
    assert linked.get(L).content == DATA


def test_a_copy_follows_or_stays_a_link(linked: TestClient):
    linked.request("COPY", L, headers={"Destination": "c/whole"})
    linked.request("COPY", f"{L}?symlink=get", headers={"Destination": "c/again"})

    assert linked.get(f"{C}/whole?symlink=get").content == DATA
    assert linked.get(f"{C}/again?symlink=get").headers["x-symlink-target"] == "c/o"
    assert linked.get(f"{C}/again").content == DATA
