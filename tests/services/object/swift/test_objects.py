"""Objects answer as Swift's do."""

import errno
import hashlib
import os
import time
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from services.object.refusals import Refused
from services.object.swift.access import Caller
from services.object.swift.writing import Writing
from storage.objects.object_file import ObjectName
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes
from tests.services.object.conftest import login

O = "/v1/AUTH_p/c/o"  # noqa: E741
DATA = bytes(range(256)) * 20
ETAG = hashlib.md5(DATA, usedforsecurity=False).hexdigest()


@pytest.fixture
def stored(swifty: TestClient) -> TestClient:
    """A client with an object of 5120 bytes."""
    swifty.put(O, content=DATA, headers={"Content-Type": "text/x", "X-Object-Meta-A": "1"})
    return swifty


def test_what_is_put_is_got(swifty: TestClient):
    put = swifty.put(O, content=DATA, headers={"X-Object-Meta-Color": "blue"})
    got = swifty.get(O)

    assert (put.status_code, put.headers["etag"]) == (201, ETAG)
    assert (got.status_code, got.content) == (200, DATA)
    assert got.headers["etag"] == ETAG
    assert got.headers["x-object-meta-color"] == "blue"
    assert got.headers["content-length"] == "5120"
    assert got.headers["last-modified"] == put.headers["last-modified"]
    assert got.headers["accept-ranges"] == "bytes"


def test_a_head_has_the_headers_of_a_get(stored: TestClient):
    head, got = stored.head(O), stored.get(O)

    assert head.content == b""
    for answer in (head, got):
        for name in ("x-openstack-request-id", "x-trans-id"):
            del answer.headers[name]
    assert dict(head.headers) == dict(got.headers)


def test_a_large_body_is_streamed_both_ways(swifty: TestClient):
    data = b"0123456789abcdef" * 200_000

    put = swifty.put(O, content=iter([data[:1_000_000], data[1_000_000:]]))

    assert put.status_code == 201
    assert swifty.get(O).content == data


def test_the_content_type_is_guessed_from_the_name(swifty: TestClient):
    swifty.put("/v1/AUTH_p/c/a.png", content=b"")
    swifty.put("/v1/AUTH_p/c/what", content=b"")

    assert swifty.head("/v1/AUTH_p/c/a.png").headers["content-type"] == "image/png"
    assert swifty.head("/v1/AUTH_p/c/what").headers["content-type"] == "application/octet-stream"


def test_a_wrong_etag_is_refused_and_leaves_nothing(swifty: TestClient):
    answer = swifty.put(O, content=DATA, headers={"ETag": "0" * 32})

    assert answer.status_code == 422
    assert swifty.get(O).status_code == 404
    assert swifty.put(O, content=DATA, headers={"ETag": f'"{ETAG}"'}).status_code == 201


def test_an_object_needs_its_container(client: TestClient):
    assert client.put("/v1/AUTH_p/missing/o", content=b"x").status_code == 404


def test_a_long_name_is_refused(swifty: TestClient):
    answer = swifty.put("/v1/AUTH_p/c/" + "o" * 1025, content=b"x")

    assert answer.status_code == 400
    assert answer.text == "Object name length of 1025 longer than 1024"


def test_over_five_gib_is_refused_before_the_body(swifty: TestClient):
    answer = swifty.put(O, content=b"x", headers={"Content-Length": str(5 * 1024**3 + 3)})

    assert answer.status_code == 413


def test_a_body_that_is_shorter_than_it_said_is_refused(swifty: TestClient):
    answer = swifty.put(O, content=b"short", headers={"Content-Length": "10"})

    assert answer.status_code == 499
    assert swifty.get(O).status_code == 404


@pytest.mark.parametrize(
    "name", ["a b", "ä/ö", "日本", "a//b", "/lead", "trail/", "100%", "?", "#", "..", "."]
)
def test_any_name_is_kept(swifty: TestClient, name: str):
    path = "/v1/AUTH_p/c/" + quote(name, safe="").replace(".", "%2E")
    assert swifty.put(path, content=name.encode()).status_code == 201

    assert swifty.get(path).text == name
    assert [row["name"] for row in swifty.get("/v1/AUTH_p/c?format=json").json()] == [name]


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, 5120),
        ("bytes=-20", 5100, 5120),
        ("bytes=-9999", 0, 5120),
        ("bytes=5119-9999", 5119, 5120),
    ],
)
def test_a_range_is_a_part(stored: TestClient, asked: str, start: int, stop: int):
    answer = stored.get(O, headers={"Range": asked})

    assert (answer.status_code, answer.content) == (206, DATA[start:stop])
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/5120"
    assert answer.headers["content-length"] == str(stop - start)


@pytest.mark.parametrize("asked", ["bytes=5120-", "bytes=9999-10000", "bytes=-0"])
def test_a_range_after_the_end_cannot_be_sent(stored: TestClient, asked: str):
    answer = stored.get(O, headers={"Range": asked})

    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */5120"


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=0-1,5-2", "lines=1-2", "bytes=-", "x"])
def test_what_is_no_range_means_everything(stored: TestClient, asked: str):
    answer = stored.get(O, headers={"Range": asked})

    assert (answer.status_code, answer.content) == (200, DATA)


PAST, FUTURE = "Mon, 01 Jan 2001 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ({"If-None-Match": ETAG}, 304),
        ({"If-None-Match": f'"{ETAG}"'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"other"'}, 200),
        ({"If-Match": f'"{ETAG}", "other"'}, 200),
        ({"If-Match": "other"}, 412),
        ({"If-Modified-Since": FUTURE}, 304),
        ({"If-Modified-Since": PAST}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-Unmodified-Since": PAST}, 412),
        ({"If-Unmodified-Since": FUTURE}, 200),
    ],
)
@pytest.mark.parametrize("verb", ["GET", "HEAD"])
def test_a_condition_is_heeded(
    stored: TestClient, verb: str, condition: dict[str, str], status: int
):
    answer = stored.request(verb, O, headers=condition)

    assert answer.status_code == status
    assert answer.headers["etag"] == ETAG


def test_a_put_can_refuse_to_overwrite(stored: TestClient):
    assert stored.put(O, content=b"x", headers={"If-None-Match": "*"}).status_code == 412
    assert stored.put(O + "2", content=b"x", headers={"If-None-Match": "*"}).status_code == 201
    assert stored.put(O, content=b"x", headers={"If-None-Match": "e"}).status_code == 400


@pytest.mark.parametrize("kept", [{}, {"X-Versions-Location": "c"}, {"X-Versions-Enabled": "true"}])
def test_of_two_that_must_be_new_one_is(
    stored: TestClient, store: ObjectStore, kept: dict[str, str]
):
    stored.put("/v1/AUTH_p/new", headers=kept)
    name, writing = ObjectName("AUTH_p", "new", "o"), Writing(store, Caller(ctx=login("member")))

    with (
        writing.incoming(name, must_be_new=True) as first,
        writing.incoming(name, must_be_new=True) as second,
    ):
        first.write(b"first")
        first.commit(Attributes())
        with pytest.raises(Refused) as refused:
            second.commit(Attributes())

    assert refused.value.status == 412
    assert stored.get("/v1/AUTH_p/new/o").content == b"first"


@pytest.mark.parametrize("method", ["PUT", "POST", "COPY"])
def test_a_header_that_is_too_long_is_not_kept(stored: TestClient, method: str):
    said = {"Content-Disposition": "a" * 8193, "Destination": "c/p"}

    assert stored.request(method, O, headers=said).status_code == 400
    assert "content-disposition" not in stored.head(O).headers
    assert stored.put(O, headers=said | {"Content-Disposition": "a" * 8192}).status_code == 201


def test_a_copy_brings_no_bytes(stored: TestClient):
    refused = stored.put(O + "2", content=b"x", headers={"X-Copy-From": "c/o"})

    assert refused.status_code == 400
    assert stored.head(O + "2").status_code == 404


def test_a_post_replaces_the_metadata(stored: TestClient):
    answer = stored.post(O, headers={"X-Object-Meta-B": "2", "Cache-Control": "no-cache"})

    head = stored.head(O)
    assert answer.status_code == 202
    assert "x-object-meta-a" not in head.headers
    assert head.headers["x-object-meta-b"] == "2"
    assert head.headers["cache-control"] == "no-cache"
    assert head.headers["content-type"] == "text/x"
    assert head.headers["etag"] == ETAG


def test_a_deleted_object_is_gone(stored: TestClient):
    assert [stored.delete(O).status_code for _ in range(2)] == [204, 404]
    assert stored.get(O).text == (
        "<html><h1>Not Found</h1><p>The resource could not be found.</p></html>"
    )


def test_an_object_expires(stored: TestClient, store: ObjectStore):
    moment = str(int(time.time()) + 1000)
    stored.post(O, headers={"X-Delete-At": moment})
    assert stored.head(O).headers["x-delete-at"] == moment

    store.post_object(ObjectName("AUTH_p", "c", "o"), metadata={}, delete_at=1)
    assert stored.get(O).status_code == 404
    assert stored.delete(O).status_code == 404


@pytest.mark.parametrize(
    ("header", "value", "text"),
    [
        ("X-Delete-At", "1", "X-Delete-At in past"),
        ("X-Delete-At", "soon", "Non-integer X-Delete-At"),
        ("X-Delete-After", "-5", "Non-integer X-Delete-After"),
        ("X-Delete-After", "0", "X-Delete-After in past"),
    ],
)
def test_an_expiry_that_makes_no_sense_is_refused(
    swifty: TestClient, header: str, value: str, text: str
):
    answer = swifty.put(O, content=b"x", headers={header: value})

    assert (answer.status_code, answer.text) == (400, text)


def test_a_copy_keeps_type_and_metadata_and_takes_new_ones(stored: TestClient):
    answer = stored.put(
        O + "2", headers={"X-Copy-From": "/c/o", "X-Object-Meta-B": "2", "Content-Length": "0"}
    )

    copy = stored.get(O + "2")
    assert (answer.status_code, answer.headers["x-copied-from"]) == (201, "c/o")
    assert copy.content == DATA
    assert copy.headers["x-object-meta-a"] == "1"
    assert copy.headers["x-object-meta-b"] == "2"


def test_the_copy_verb_names_its_destination(stored: TestClient):
    answer = stored.request(
        "COPY", O, headers={"Destination": "c/c%6Fpy", "X-Fresh-Metadata": "true"}
    )

    assert answer.status_code == 201
    assert "x-object-meta-a" not in stored.head("/v1/AUTH_p/c/copy").headers
    assert stored.request("COPY", O, headers={"Destination": "c"}).status_code == 412
    assert stored.request("COPY", O).status_code == 412


def test_rot_is_not_served(stored: TestClient, store: ObjectStore):
    (path,) = store.files.walk()
    path.write_bytes(b"less")

    assert stored.get(O).status_code == 404


def test_a_full_disk_is_told(swifty: TestClient, monkeypatch: pytest.MonkeyPatch):
    def full(*_args: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    answer = swifty.put(O, content=DATA)
    monkeypatch.undo()

    assert answer.status_code == 507
    assert swifty.get(O).status_code == 404


def test_an_expired_object_is_gone_and_deleting_it_empties_the_container(
    stored: TestClient, store: ObjectStore
):
    past = int(time.time()) - 1
    store.post_object(ObjectName("AUTH_p", "c", "o"), metadata={}, delete_at=past)

    assert stored.get(O).status_code == 404
    assert stored.delete(O).status_code == 404
    assert stored.delete("/v1/AUTH_p/c").status_code == 204


def test_an_empty_note_is_kept(stored: TestClient):
    stored.post(O, headers={"X-Object-Meta-Empty": ""})

    assert stored.head(O).headers["x-object-meta-empty"] == ""


def test_the_content_type_may_be_found_out(swifty: TestClient):
    said = {"Content-Type": "text/x", "X-Detect-Content-Type": "true"}
    swifty.put("/v1/AUTH_p/c/a.png", content=b"", headers=said)

    assert swifty.head("/v1/AUTH_p/c/a.png").headers["content-type"] == "image/png"


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "a/../../b", "..x", "-", "~", "\\", "a//b", "/etc"]
)
def test_a_name_is_only_a_name(swifty: TestClient, store: ObjectStore, name: str):
    path = f"/v1/AUTH_p/c/{quote(name, safe='')}"
    before = {found for found in store.root.parent.rglob("*") if store.root not in found.parents}

    assert swifty.put(path, content=b"data").status_code == 201
    assert swifty.get(path).content == b"data"
    assert swifty.get("/v1/AUTH_p/c").text == f"{name}\n"
    after = {found for found in store.root.parent.rglob("*") if store.root not in found.parents}
    assert after == before


@pytest.mark.parametrize("path", ["c/a%00b", "c/%FF", "c%00/o", "c/%ED%A0%80"])
def test_a_name_that_is_no_text_is_refused(swifty: TestClient, path: str):
    for method in ("GET", "PUT", "DELETE", "POST", "HEAD", "COPY"):
        assert swifty.request(method, f"/v1/AUTH_p/{path}").status_code == 412, method


@pytest.mark.parametrize("target", ["c/a%00", "c/%FF", "c", "", "/"])
def test_a_copy_goes_to_a_name(stored: TestClient, target: str):
    assert stored.request("COPY", O, headers={"Destination": target}).status_code == 412
    assert stored.put(f"{O}2", headers={"X-Copy-From": target}).status_code == 412
