"""Large objects in large objects, with bytes of their own, and of containers that are closed."""

import base64
import hashlib
import json

import pytest
from starlette.testclient import TestClient

from tests.services.object.conftest import NOBODY, STRANGER

A, C, BIG = "/v1/AUTH_p", "/v1/AUTH_p/c", "/v1/AUTH_p/c/big"


@pytest.fixture
def parted(swifty: TestClient) -> TestClient:
    """Segments `aaaa` and `bbbb` in a container of their own."""
    swifty.put(f"{A}/parts")
    swifty.put(f"{A}/parts/a", content=b"aaaa")
    swifty.put(f"{A}/parts/b", content=b"bbbb")
    return swifty


def put(client: TestClient, path: str, *entries: dict[str, object], **headers: str):
    return client.put(
        f"{path}?multipart-manifest=put", content=json.dumps(entries), headers=headers
    )


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def test_a_manifest_may_be_a_segment(parted: TestClient):
    put(parted, f"{C}/inner", {"path": "parts/a"}, {"path": "parts/b"})
    inner = parted.head(f"{C}/inner").headers["etag"].strip('"')

    made = put(
        parted,
        BIG,
        {"path": "c/inner", "etag": inner, "size_bytes": 8},
        {"path": "c/inner", "range": "2-5"},
    )

    assert made.status_code == 201
    assert parted.get(BIG).content == b"aaaabbbbaabb"
    assert parted.get(BIG, headers={"Range": "bytes=3-9"}).content == b"abbbbaa"
    (row, *_) = parted.get(f"{BIG}?multipart-manifest=get").json()
    assert (row["sub_slo"], row["bytes"], row["hash"]) == (True, 8, inner)
    expected = md5(f"{inner}{inner}:2-5;".encode())
    assert made.headers["etag"] == f'"{expected}"'


def test_bytes_may_stand_in_the_manifest(parted: TestClient):
    data = base64.b64encode(b"--").decode()

    made = put(parted, BIG, {"data": data}, {"path": "parts/a"}, {"data": data})

    assert parted.get(BIG).content == b"--aaaa--"
    assert parted.get(BIG, headers={"Range": "bytes=1-6"}).content == b"-aaaa-"
    assert made.headers["etag"] == f'"{md5((md5(b"--") + md5(b"aaaa") + md5(b"--")).encode())}"'
    for bad in ("", "!", "YQ"):
        assert put(parted, BIG, {"data": bad}, {"path": "parts/a"}).status_code == 400
    assert put(parted, BIG, {"data": data, "path": "parts/a"}).status_code == 400
    assert put(parted, BIG, {"data": data}).status_code == 400


def test_a_manifest_comes_back_as_it_was_put(parted: TestClient):
    entries = (
        {"path": "/parts/a", "etag": md5(b"aaaa"), "size_bytes": 4, "range": "1-2"},
        {"data": "LS0="},
    )
    put(parted, BIG, *entries)

    raw = parted.get(f"{BIG}?multipart-manifest=get&format=raw")

    assert raw.headers["content-type"] == "application/json; charset=utf-8"
    assert raw.json() == list(entries)
    assert put(parted, f"{C}/again", *raw.json()).status_code == 201
    assert parted.get(f"{C}/again").content == parted.get(BIG).content
    head = parted.head(f"{BIG}?multipart-manifest=get")
    assert head.headers["content-type"] == "application/json; charset=utf-8"
    assert head.headers["x-manifest-etag"] == md5(
        parted.get(f"{BIG}?multipart-manifest=get").content
    )


def test_listings_tell_the_whole(parted: TestClient):
    put(
        parted,
        BIG,
        {"path": "parts/a"},
        {"path": "parts/b"},
        **{"Content-Type": "text/x;swift_bytes=9"},
    )

    (row,) = parted.get(f"{C}?format=json").json()
    assert (row["bytes"], row["content_type"]) == (8, "text/x")
    assert row["slo_etag"] == parted.head(BIG).headers["etag"]
    parted.post(BIG, headers={"X-Object-Meta-A": "1", "Content-Type": "text/y"})
    (row,) = parted.get(f"{C}?format=json").json()
    assert (row["bytes"], row["content_type"]) == (8, "text/y")
    assert parted.get(BIG).content == b"aaaabbbb"


def test_manifests_lead_only_so_deep(parted: TestClient):
    put(parted, f"{C}/0", {"path": "parts/a"})
    for number in range(12):
        put(parted, f"{C}/{number + 1}", {"path": f"c/{number}"})

    assert parted.get(f"{C}/9").content == b"aaaa"
    assert parted.get(f"{C}/12").status_code == 409
    assert put(parted, f"{C}/0", {"path": "c/0"}).status_code == 400


def test_manifests_that_multiply_are_deleted_one_by_one_and_end_somewhere(parted: TestClient):
    put(parted, f"{C}/0", *[{"path": "parts/a"}] * 1000)
    made = [put(parted, f"{C}/{n + 1}", *[{"path": f"c/{n}"}] * 1000).status_code for n in range(5)]

    assert made == [201, 201, 201, 201, 413]
    accept = {"Accept": "application/json"}
    said = parted.delete(f"{C}/4?multipart-manifest=delete", headers=accept).json()
    assert (said["Number Deleted"], said["Errors"]) == (6, [])


def test_a_circle_of_manifests_is_none(parted: TestClient):
    put(parted, f"{C}/x", {"path": "parts/a"})
    put(parted, f"{C}/y", {"path": "c/x"})
    put(parted, f"{C}/x", {"path": "c/y"})

    assert parted.get(f"{C}/x").status_code == 409
    assert parted.delete(f"{C}/x?multipart-manifest=delete").status_code in (200, 409)


def test_all_of_it_is_deleted(parted: TestClient):
    put(parted, f"{C}/inner", {"path": "parts/a"}, {"path": "parts/gone"})
    put(parted, f"{C}/inner", {"path": "parts/a"}, {"data": "LS0="})
    put(parted, BIG, {"path": "c/inner"}, {"path": "parts/b"}, {"path": "parts/a"})

    said = parted.delete(
        f"{BIG}?multipart-manifest=delete", headers={"Accept": "application/json"}
    ).json()

    assert (said["Number Deleted"], said["Number Not Found"], said["Errors"]) == (4, 0, [])
    assert parted.get(C).text == parted.get(f"{A}/parts").text == ""
    parted.put(f"{C}/plain", content=b"x")
    assert parted.delete(f"{C}/plain?multipart-manifest=delete").status_code == 400


def test_nobody_reads_by_a_manifest_what_is_closed_to_them(parted: TestClient):
    parted.put(f"{A}/public", headers={"X-Container-Read": ".r:*,.rlistings"})
    put(parted, f"{A}/public/slo", {"path": "parts/a"})
    parted.put(f"{A}/public/dlo", headers={"X-Object-Manifest": "parts/"})
    parted.put(f"{A}/public/nested", headers={"X-Object-Manifest": "public/s"})

    for name in ("slo", "dlo", "nested"):
        for who in (NOBODY, STRANGER):
            answer = parted.get(f"{A}/public/{name}", headers=who)
            assert answer.status_code in (401, 403, 409), (name, who)
            assert b"aaaa" not in answer.content
        assert b"aaaa" in parted.get(f"{A}/public/{name}").content
    parted.post(f"{A}/parts", headers={"X-Container-Read": ".r:*"})
    assert parted.get(f"{A}/public/slo", headers=NOBODY).content == b"aaaa"
    assert parted.get(f"{A}/public/dlo", headers=NOBODY).content == b"aaaabbbb"


def test_nobody_makes_a_manifest_of_what_is_closed_to_them(parted: TestClient):
    parted.post(C, headers={"X-Container-Write": "q:*", "X-Container-Read": "q:*"})

    answer = put(parted, BIG, {"path": "parts/a"}, **STRANGER)
    assert (answer.status_code, "403 Forbidden" in answer.text) == (400, True)
    assert put(parted, BIG, {"path": "../AUTH_q/c/o"}, **STRANGER).status_code == 400
    assert put(parted, BIG, {"path": "parts/\x00"}).status_code == 400
    assert put(parted, BIG, {"path": "a" * 3000}).status_code == 400
    assert parted.get(BIG).status_code == 404


def test_deleting_segments_needs_the_right_to(parted: TestClient):
    put(parted, BIG, {"path": "parts/a"})
    parted.post(C, headers={"X-Container-Write": "q:*", "X-Container-Read": "q:*"})

    parted.delete(f"{BIG}?multipart-manifest=delete", headers=STRANGER)

    assert parted.get(f"{A}/parts/a").content == b"aaaa"


@pytest.mark.parametrize(
    "body",
    [b"", b"[", b"{}", b"[1]", b'["x"]', b'[{"path": "parts/a", "more": 1}]', b'[{"path": 1}]',
     b"[" * 100_000, b'[{"path": "\\ud800/a"}]', b"\xff\xfe",
     b'[{"path": "parts/a", "size_bytes": -1}]'],
)  # fmt: skip
def test_what_is_no_manifest_is_refused(parted: TestClient, body: bytes):
    assert parted.put(f"{BIG}?multipart-manifest=put", content=body).status_code == 400


def test_a_manifest_is_only_so_large(parted: TestClient):
    too_many = [{"path": "parts/a"}] * 1001

    assert put(parted, BIG, *too_many).status_code == 413
    assert parted.put(f"{BIG}?multipart-manifest=put", content=b" " * (9 << 20)).status_code == 413
    assert put(parted, BIG, {"path": "parts/none"}).status_code == 400
    parted.put(f"{A}/parts/empty", content=b"")
    assert "Too Small" in put(parted, BIG, {"path": "parts/empty"}).text


def test_a_dynamic_one_may_hold_large_ones_and_links(parted: TestClient):
    put(parted, f"{A}/parts/c", {"path": "parts/a", "range": "0-0"}, {"data": "LS0="})
    parted.put(f"{A}/parts/d", content=b"", headers={"X-Symlink-Target": "parts/b"})
    parted.put(BIG, content=b"", headers={"X-Object-Manifest": "parts/"})

    assert parted.get(BIG).content == b"aaaabbbba--bbbb"
    assert parted.get(BIG, headers={"Range": "bytes=7-11"}).content == b"ba--b"
    assert parted.head(BIG).headers["content-length"] == "15"


def test_a_manifest_of_links_follows_them(parted: TestClient):
    parted.put(f"{A}/parts/l", content=b"", headers={"X-Symlink-Target": "parts/b"})
    put(parted, BIG, {"path": "parts/l", "etag": md5(b"bbbb"), "size_bytes": 4})

    assert parted.get(BIG).content == b"bbbb"


@pytest.mark.parametrize("value", ["", "x", "/x", "parts?x=/y"])
def test_a_dynamic_one_names_container_and_prefix(parted: TestClient, value: str):
    answer = parted.put(BIG, content=b"", headers={"X-Object-Manifest": value})
    assert answer.status_code == (400 if value else 201)


def test_a_copy_is_whole_or_the_manifest_and_stays_what_it_is(parted: TestClient):
    put(parted, BIG, {"path": "parts/a"}, {"path": "parts/b"})

    parted.request("COPY", BIG, headers={"Destination": "c/whole"})
    parted.request("COPY", f"{BIG}?multipart-manifest=get", headers={"Destination": "c/again"})

    assert "x-static-large-object" not in parted.head(f"{C}/whole").headers
    assert parted.head(f"{C}/again").headers["x-static-large-object"] == "True"
    parted.put(f"{A}/parts/a", content=b"AAAA")
    assert parted.get(f"{C}/whole").content == b"aaaabbbb"
    assert parted.get(f"{C}/again").status_code == 409


def test_several_ranges_of_a_large_object_are_parts(parted: TestClient):
    put(parted, BIG, {"path": "parts/a"}, {"path": "parts/b"})

    got = parted.get(BIG, headers={"Range": "bytes=0-1,3-4,-1"})

    boundary = got.headers["content-type"].partition("boundary=")[2]
    parts = got.content.split(f"--{boundary}".encode())
    assert got.status_code == 206
    assert got.headers["content-length"] == str(len(got.content))
    assert [part.partition(b"\r\n\r\n")[2] for part in parts[1:-1]] == [
        b"aa\r\n",
        b"ab\r\n",
        b"b\r\n",
    ]
    assert b"Content-Range: bytes 3-4/8" in parts[2]
    assert parts[-1] == b"--"
