"""What a Swift may answer and a real one seldom does: said by a script, one answer a request."""

import hashlib
import io
import json
from typing import Final

import pytest

from storage.images import store, swift
from tests.storage.images.script import Script

SEGMENT: Final = 1000
DATA: Final = bytes(range(250)) * 10  # two segments and a half
_HERE: Final = (204, "")  # the container
_DONE: Final = (201, "")
_NOTHING: Final = [(404, ""), (404, ""), (204, "")]  # what `delete` hears: HEAD, DELETE, a listing


class Told(io.BytesIO):
    """A reader that says how many bytes will come."""

    def __length_hint__(self) -> int:
        return len(DATA)


def _images(script: type[Script], *, segment_bytes: int = SEGMENT) -> swift.SwiftStore:
    access = swift.Access(
        url=f"http://127.0.0.1:{script.port}/v1/AUTH_x", headers={"X-Auth-Token": "t"}
    )
    return swift.SwiftStore(lambda: access, container="c", segment_bytes=segment_bytes)


def test_an_image_whose_size_is_known_is_segments_and_their_list(script: type[Script]):
    script.answers += [_HERE, _DONE] * 3 + [_HERE, _DONE]

    stored = _images(script).add("a", Told(DATA))

    assert stored == store.Stored(size_bytes=len(DATA), etag=hashlib.md5(DATA).hexdigest())
    assert script.asked[1:6:2] == [f"PUT /v1/AUTH_x/c/a%2F0000000{n}" for n in (1, 2, 3)]
    assert script.asked[7] == "PUT /v1/AUTH_x/c/a?multipart-manifest=put"
    third = {
        "path": "/c/a/00000003",
        "etag": hashlib.md5(DATA[2 * SEGMENT :]).hexdigest(),
        "size_bytes": 500,
    }
    assert json.loads(script.bodies[7])[2] == third


def test_one_whose_size_is_not_known_begins_as_an_object(script: type[Script]):
    """It is copied to its segment's name and goes, before the second one is sent."""
    script.etag = f'"{hashlib.md5(DATA[:SEGMENT]).hexdigest()}"'
    script.answers += [_HERE, _DONE, _DONE, (204, ""), _HERE, _DONE, _HERE, _DONE]

    _images(script).add("a", io.BytesIO(DATA[:SEGMENT] * 2))

    assert script.asked == [
        "HEAD /v1/AUTH_x/c",
        "PUT /v1/AUTH_x/c/a",
        "PUT /v1/AUTH_x/c/a%2F00000001",
        "DELETE /v1/AUTH_x/c/a",
        "HEAD /v1/AUTH_x/c",
        "PUT /v1/AUTH_x/c/a%2F00000002",
        "HEAD /v1/AUTH_x/c",
        "PUT /v1/AUTH_x/c/a?multipart-manifest=put",
    ]


def test_a_segment_that_is_not_what_was_sent_ends_the_upload(script: type[Script]):
    script.etag = "0" * 32
    script.answers += [_HERE, _DONE, *_NOTHING]

    with pytest.raises(store.ImageStoreError, match=r"c/a/00000001: bytes of md5 .* it has 000"):
        _images(script).add("a", Told(DATA))
    assert script.asked[2:] == [
        "HEAD /v1/AUTH_x/c/a",
        "DELETE /v1/AUTH_x/c/a",
        "GET /v1/AUTH_x/c?prefix=a%2F&marker=&limit=500",
    ]


def test_a_manifest_that_is_refused_takes_its_segments_along(script: type[Script]):
    script.answers += [_HERE, _DONE] * 3 + [_HERE, (400, "Errors: Etag Mismatch")]
    listed = "a/00000001\na/00000002\n"
    script.answers += [(404, ""), (404, ""), (200, listed), (204, ""), (204, ""), (204, "")]

    with pytest.raises(store.ImageStoreError, match="Etag Mismatch"):
        _images(script).add("a", Told(DATA))

    assert script.asked[11:] == [
        "DELETE /v1/AUTH_x/c/a%2F00000001",
        "DELETE /v1/AUTH_x/c/a%2F00000002",
        "GET /v1/AUTH_x/c?prefix=a%2F&marker=a%2F00000002&limit=500",
    ]


def test_what_failed_first_is_said_when_cleaning_up_fails_too(script: type[Script]):
    script.answers += [_HERE, (507, ""), (503, "")]

    with pytest.raises(store.StoreFull):
        _images(script).add("a", Told(DATA))


def test_more_segments_than_an_object_may_have_are_refused(script: type[Script]):
    script.answers += [_HERE, _DONE] * swift.SEGMENTS_MAX + _NOTHING

    with pytest.raises(store.StoreFull, match="at most 1000 segments"):
        _images(script, segment_bytes=1).add("a", Told(DATA))


def test_a_large_image_whose_deletion_says_it_failed_is_removed_all_the_same(script: type[Script]):
    """Bulk deletion answers 200 before it knows, and its errors in the body."""
    script.more = {"X-Static-Large-Object": "True"}
    script.answers += [(200, ""), (200, "Response Status: 400 Bad Request\nErrors: a/00000001")]
    script.answers += [(204, ""), (200, "a/00000001\n"), (204, ""), (204, "")]

    _images(script).delete("a")

    assert script.asked[1:] == [
        "DELETE /v1/AUTH_x/c/a?multipart-manifest=delete",
        "DELETE /v1/AUTH_x/c/a",
        "GET /v1/AUTH_x/c?prefix=a%2F&marker=&limit=500",
        "DELETE /v1/AUTH_x/c/a%2F00000001",
        "GET /v1/AUTH_x/c?prefix=a%2F&marker=a%2F00000001&limit=500",
    ]


def test_a_token_that_is_refused_twice_is_said(script: type[Script]):
    script.answers += [(401, "no"), (401, "no")]

    with pytest.raises(store.ImageStoreError, match="401"):
        _images(script).get("a")
    assert len(script.asked) == 2


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, store.DataNotFound),
        (403, store.ImageStoreError),
        (413, store.StoreFull),
        (507, store.StoreFull),
        (503, store.StoreUnreachable),
    ],
)
def test_refusals_are_told_apart(script: type[Script], status: int, kind: type[Exception]):
    script.answers += [(status, "because")]

    with pytest.raises(store.ImageStoreError, match=f"GET /v1/AUTH_x/c/a: {status}.*because") as it:
        _images(script).get("a")
    assert type(it.value) is kind
