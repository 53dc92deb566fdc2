"""Who comes in without owning the account."""

import pytest
from starlette.testclient import TestClient

from services.object.swift.access import Deed, Pass
from storage.objects.object_file import ObjectName
from tests.services.object.conftest import FOREIGNER, NOBODY, STRANGER

A, C, O = "/v1/AUTH_p", "/v1/AUTH_p/c", "/v1/AUTH_p/c/o"  # noqa: E741


@pytest.fixture
def shared(swifty: TestClient) -> TestClient:
    swifty.put(O, content=b"data")
    return swifty


def let_in(client: TestClient, *, read: str = "", write: str = "") -> None:
    client.post(C, headers={"X-Container-Read": read, "X-Container-Write": write})


def test_anybody_reads_what_is_public_and_no_more(shared: TestClient):
    let_in(shared, read=".r:*")

    assert shared.get(O, headers=NOBODY).content == b"data"
    assert shared.head(O, headers=NOBODY).status_code == 200
    assert shared.get(O, headers=STRANGER).status_code == 200
    assert shared.get(O, headers={"X-Auth-Token": "expired"}).status_code == 200
    for method, path in [
        ("GET", C),
        ("HEAD", C),
        ("GET", A),
        ("PUT", O),
        ("DELETE", O),
        ("POST", O),
    ]:
        assert shared.request(method, path, headers=NOBODY).status_code == 401, (method, path)
        assert shared.request(method, path, headers=STRANGER).status_code == 403, (method, path)


def test_a_public_listing_shows_names(shared: TestClient):
    let_in(shared, read=".r:*,.rlistings")

    assert shared.get(C, headers=NOBODY).text == "o\n"
    assert shared.head(C, headers=NOBODY).status_code == 204


def test_a_referrer_lets_in(shared: TestClient):
    let_in(shared, read=".r:.example.com")

    page = {**NOBODY, "Referer": "https://www.example.com/page"}
    assert shared.get(O, headers=page).status_code == 200
    assert shared.get(O, headers=NOBODY).status_code == 401


@pytest.mark.parametrize("word", ["q:u-stranger", "q:*", "*:u-stranger", "Q:stranger", "*:*"])
def test_a_user_is_let_in_to_read(shared: TestClient, word: str):
    let_in(shared, read=word)

    assert shared.get(O, headers=STRANGER).status_code == 200
    assert shared.get(C, headers=STRANGER).status_code == 200
    assert shared.put(O, headers=STRANGER).status_code == 403
    assert shared.get(O, headers=NOBODY).status_code == 401


def test_the_same_names_in_another_domain_are_others(shared: TestClient):
    let_in(shared, read="Q:stranger", write="Q:stranger")

    assert shared.get(O, headers=FOREIGNER).status_code == 403
    assert shared.put(O, headers=FOREIGNER).status_code == 403


def test_a_user_is_let_in_to_write(shared: TestClient):
    let_in(shared, write="q:u-stranger")

    assert shared.put(f"{C}/new", content=b"x", headers=STRANGER).status_code == 201
    assert shared.post(f"{C}/new", headers=STRANGER).status_code == 202
    assert shared.get(f"{C}/new", headers=STRANGER).status_code == 403
    assert shared.delete(f"{C}/new", headers=STRANGER).status_code == 204
    for method in ("PUT", "POST", "DELETE"):
        assert shared.request(method, C, headers=STRANGER).status_code == 403


def test_keys_and_lists_are_their_owners_to_see_and_set(shared: TestClient):
    secret = {"X-Container-Meta-Temp-URL-Key": "k", "X-Container-Read": ".r:*,.rlistings,*:*"}
    shared.post(C, headers=secret)
    shared.post(A, headers={"X-Account-Meta-Temp-URL-Key": "k"})

    for token in ("", "stranger", "reader"):
        shown = shared.head(C, headers={"X-Auth-Token": token}).headers
        assert not {"x-container-meta-temp-url-key", "x-container-read"} & set(shown), token
    assert (
        "x-account-meta-temp-url-key"
        not in shared.head(A, headers={"X-Auth-Token": "reader"}).headers
    )
    assert shared.head(C).headers["x-container-meta-temp-url-key"] == "k"
    assert shared.head(A).headers["x-account-meta-temp-url-key"] == "k"


def test_whether_a_container_is_there_is_not_told(client: TestClient):
    client.put(C)

    assert client.get(C, headers=STRANGER).status_code == 403
    assert client.get("/v1/AUTH_p/none", headers=STRANGER).status_code == 403
    assert client.get("/v1/AUTH_p/none/o", headers=NOBODY).status_code == 401


def test_a_list_that_is_none_is_refused(swifty: TestClient):
    assert swifty.post(C, headers={"X-Container-Read": ".what:x"}).status_code == 400
    assert swifty.post(C, headers={"X-Container-Write": ".r:*"}).status_code == 400
    assert swifty.post(A, headers={"X-Account-Access-Control": "[["}).status_code == 400
    assert "x-container-write" not in swifty.head(C).headers


@pytest.mark.parametrize(
    ("right", "allowed"),
    [
        ("read-only", {"GET": 200, "PUT": 403, "LIST": 200, "MAKE": 403, "POST": 403}),
        ("read-write", {"GET": 200, "PUT": 201, "LIST": 200, "MAKE": 201, "POST": 403}),
        ("admin", {"GET": 200, "PUT": 201, "LIST": 200, "MAKE": 201, "POST": 204}),
    ],
)
def test_an_accounts_list_lets_in(shared: TestClient, right: str, allowed: dict[str, int]):
    shared.post(A, headers={"X-Account-Access-Control": f'{{"{right}": ["q:*"]}}'})

    found = {
        "GET": shared.get(O, headers=STRANGER).status_code,
        "PUT": shared.put(O, content=b"", headers=STRANGER).status_code,
        "LIST": shared.get(A, headers=STRANGER).status_code,
        "MAKE": shared.put(f"{A}/made", headers=STRANGER).status_code,
        "POST": shared.post(A, headers=STRANGER).status_code,
    }
    assert found == allowed
    assert shared.get(O, headers=FOREIGNER).status_code == 403
    assert shared.get(O, headers=NOBODY).status_code == 401


def test_a_guest_who_may_write_gives_nobody_rights(shared: TestClient):
    shared.post(A, headers={"X-Account-Access-Control": '{"read-write": ["q:*"]}'})

    shared.post(C, headers={"X-Container-Read": ".r:*", "X-Container-Meta-A": "1", **STRANGER})

    assert shared.head(C).headers["x-container-meta-a"] == "1"
    assert "x-container-read" not in shared.head(C).headers
    assert "x-account-access-control" not in shared.head(A, headers=STRANGER).headers


def test_a_copy_needs_both_rights(shared: TestClient):
    shared.put("/v1/AUTH_q/c", headers=STRANGER)
    take = {"X-Copy-From": "c/o", "X-Copy-From-Account": "AUTH_p", **STRANGER}
    give = {"Destination": "c/planted", "Destination-Account": "AUTH_q"}

    assert shared.put("/v1/AUTH_q/c/o", headers=take).status_code == 403
    assert shared.request("COPY", O, headers=give).status_code == 403
    let_in(shared, read="q:*")
    assert shared.put("/v1/AUTH_q/c/o", headers=take).status_code == 201
    assert shared.get("/v1/AUTH_q/c/o", headers=STRANGER).content == b"data"


def test_a_pass_covers_what_it_says():
    name = ObjectName("a", "c", "pre")
    reads = Pass(scope=("a", "c"), name=name)
    writes = Pass(scope=("a",), name=name, is_writing=True)
    below = Pass(scope=("a",), name=name, is_prefix=True, is_writing=True)

    assert reads.allows(Deed.READ_OBJECT, ObjectName("a", "c", "other"))
    assert not reads.allows(Deed.READ_OBJECT, ObjectName("a", "d", "pre"))
    assert not reads.allows(Deed.WRITE_OBJECT, name)
    assert not reads.allows(Deed.LIST, name)
    assert writes.allows(Deed.WRITE_OBJECT, name)
    assert not writes.allows(Deed.READ_OBJECT, name)
    assert not writes.allows(Deed.WRITE_OBJECT, ObjectName("a", "c", "prefix"))
    assert below.allows(Deed.WRITE_OBJECT, ObjectName("a", "c", "prefix"))
    assert not below.allows(Deed.WRITE_OBJECT, ObjectName("a", "d", "prefix"))
