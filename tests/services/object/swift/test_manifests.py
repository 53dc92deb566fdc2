"""Large objects: many segments, read as one."""

import hashlib
import json

import pytest
from starlette.testclient import TestClient

A = "/v1/AUTH_p"
PARTS = [b"first-", b"second-", b"third"]
WHOLE = b"".join(PARTS)


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


COMBINED = md5("".join(md5(part) for part in PARTS).encode())


@pytest.fixture
def parted(swifty: TestClient) -> TestClient:
    """A client with three segments in a container of their own."""
    swifty.put(f"{A}/parts")
    for number, part in enumerate(PARTS):
        swifty.put(f"{A}/parts/{number}", content=part)
    return swifty


def manifest(**changes: object) -> list[dict[str, object]]:
    return [
        {"path": f"/parts/{number}", "etag": md5(part), "size_bytes": len(part), **changes}
        for number, part in enumerate(PARTS)
    ]


def put_manifest(client: TestClient, entries: object, **headers: str):
    return client.put(
        f"{A}/c/big?multipart-manifest=put", content=json.dumps(entries), headers=headers
    )


def test_a_static_large_object_is_read_as_one(parted: TestClient):
    put = put_manifest(parted, manifest(), ETag=COMBINED)
    got = parted.get(f"{A}/c/big")

    assert (put.status_code, put.headers["etag"]) == (201, f'"{COMBINED}"')
    assert got.content == WHOLE
    assert got.headers["x-static-large-object"] == "True"
    assert got.headers["etag"] == f'"{COMBINED}"'
    assert parted.head(f"{A}/c/big").headers["content-length"] == str(len(WHOLE))
    assert not [name for name in got.headers if "sysmeta" in name]


@pytest.mark.parametrize(("start", "stop"), [(0, 3), (4, 9), (3, 18), (6, 13), (17, 18)])
def test_a_range_goes_across_segments(parted: TestClient, start: int, stop: int):
    put_manifest(parted, manifest())

    answer = parted.get(f"{A}/c/big", headers={"Range": f"bytes={start}-{stop - 1}"})
    assert (answer.status_code, answer.content) == (206, WHOLE[start:stop])


def test_a_segment_may_be_a_part_of_an_object(parted: TestClient):
    ranges = ["0-2", "3-", "-3"]
    entries = [{"path": f"/parts/{number}", "range": text} for number, text in enumerate(ranges)]
    put_manifest(parted, entries)

    assert parted.get(f"{A}/c/big").content == PARTS[0][:3] + PARTS[1][3:] + PARTS[2][-3:]


def test_a_segment_may_have_the_name_of_the_whole(parted: TestClient):
    parted.put(f"{A}/parts/big", content=b"all of it")
    put_manifest(parted, [{"path": "/parts/big"}])

    assert parted.get(f"{A}/c/big").content == b"all of it"


def test_the_manifest_itself_can_be_read(parted: TestClient):
    put_manifest(parted, manifest())

    rows = parted.get(f"{A}/c/big?multipart-manifest=get").json()
    assert [row["name"] for row in rows] == ["/parts/0", "/parts/1", "/parts/2"]
    assert [row["hash"] for row in rows] == [md5(part) for part in PARTS]


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        (manifest(etag="0" * 32), "Etag Mismatch"),
        (manifest(size_bytes=1), "Size Mismatch"),
        ([{"path": "/parts/9"}], "404 Not Found"),
        ([{"path": "/parts/0", "range": "9-"}], "Unsatisfiable Range"),
        ([{"path": "/parts/0", "range": "x"}], "Invalid Range"),
        ([], "Manifest must name at least one object"),
        ({"a": 1}, "Manifest must be valid JSON."),
    ],
)
def test_a_manifest_that_is_not_true_is_refused(parted: TestClient, entries: object, text: str):
    answer = put_manifest(parted, entries)

    assert answer.status_code == 400
    assert text in answer.text
    assert parted.get(f"{A}/c/big").status_code == 404


def test_a_wrong_etag_of_the_whole_is_refused(parted: TestClient):
    assert put_manifest(parted, manifest(), ETag="0" * 32).status_code == 422


def test_a_changed_segment_is_not_sent(parted: TestClient):
    put_manifest(parted, manifest())
    parted.put(f"{A}/parts/1", content=b"SECOND-")

    assert parted.get(f"{A}/c/big").status_code == 409


def test_a_listing_shows_the_size_of_the_whole(parted: TestClient):
    put_manifest(parted, manifest(), **{"Content-Type": "text/x"})
    parted.post(f"{A}/c/big", headers={"Content-Type": "text/y"})

    (row,) = parted.get(f"{A}/c?format=json").json()
    assert (row["bytes"], row["content_type"]) == (len(WHOLE), "text/y")
    assert parted.head(f"{A}/c/big").headers["content-type"] == "text/y"


def test_a_post_leaves_it_a_large_object(parted: TestClient):
    put_manifest(parted, manifest())
    parted.post(f"{A}/c/big", headers={"X-Object-Meta-A": "1"})

    got = parted.get(f"{A}/c/big")
    assert (got.content, got.headers["x-object-meta-a"]) == (WHOLE, "1")


def test_a_copy_is_one_object(parted: TestClient):
    put_manifest(parted, manifest())
    parted.request("COPY", f"{A}/c/big", headers={"Destination": "c/copy"})

    copy = parted.get(f"{A}/c/copy")
    assert (copy.content, copy.headers["etag"]) == (WHOLE, md5(WHOLE))
    assert "x-static-large-object" not in copy.headers


def test_it_is_deleted_with_its_segments(parted: TestClient):
    put_manifest(parted, manifest())

    answer = parted.delete(
        f"{A}/c/big?multipart-manifest=delete", headers={"Accept": "application/json"}
    )

    assert answer.json()["Number Deleted"] == 4
    assert parted.get(f"{A}/parts").status_code == 204
    assert parted.get(f"{A}/c/big").status_code == 404


def test_deleting_only_the_manifest_keeps_the_segments(parted: TestClient):
    put_manifest(parted, manifest())
    parted.delete(f"{A}/c/big")

    assert parted.get(f"{A}/parts").text == "0\n1\n2\n"


def test_a_dynamic_large_object_is_what_has_the_prefix_now(parted: TestClient):
    parted.put(f"{A}/c/big", content=b"", headers={"X-Object-Manifest": "parts/"})
    assert parted.get(f"{A}/c/big").content == WHOLE
    parted.put(f"{A}/parts/3", content=b"!")

    got = parted.get(f"{A}/c/big")
    assert got.content == WHOLE + b"!"
    assert got.headers["x-object-manifest"] == "parts/"
    assert parted.head(f"{A}/c/big").headers["content-length"] == str(len(WHOLE) + 1)


def test_large_segments_are_streamed(parted: TestClient):
    data = [bytes([number]) * 1_500_000 for number in range(3)]
    for number, part in enumerate(data):
        parted.put(f"{A}/parts/{number}", content=part)
    put_manifest(parted, [{"path": f"/parts/{number}"} for number in range(3)])

    assert parted.get(f"{A}/c/big").content == b"".join(data)
