"""What S3 may answer and a real one seldom does: said by a script, one answer a request."""

import hashlib
import io
from pathlib import Path
from typing import Final

import pytest

from storage.images import aws_signing, s3, store
from tests.storage.images.script import Script

PART: Final = 1000
DATA: Final = bytes(range(250)) * 10  # two parts and a half
_BEGUN: Final = "<InitiateMultipartUploadResult><UploadId>u&amp;1</UploadId></Initiate…>"
_OPEN: Final = (
    "<ListMultipartUploadsResult>"
    "<Upload><Key>a</Key><UploadId>u&amp;1</UploadId></Upload>"
    "<Upload><Key>ab</Key><UploadId>u2</UploadId></Upload></ListMultipartUploadsResult>"
)


def _error(code: str) -> str:
    return f"<Error><Code>{code}</Code><Message>it is &lt;so&gt;</Message></Error>"


def _images(script: type[Script], spool: Path, *, region: str = "us-east-1") -> s3.S3Store:
    bucket = s3.Bucket(
        endpoint=f"http://127.0.0.1:{script.port}/base",
        name="images",
        key=aws_signing.Key(access="key", secret="secret", region=region),
    )
    return s3.S3Store(bucket, spool=spool, part_bytes=PART)


def test_an_upload_of_parts_says_their_etags_in_the_end(script, tmp_path):
    script.answers += [(200, _BEGUN), (200, ""), (200, ""), (200, ""), (200, "<Complete…/>")]

    stored = _images(script, tmp_path).add("a", io.BytesIO(DATA))

    assert stored == store.Stored(size_bytes=len(DATA), etag=hashlib.md5(DATA).hexdigest())
    assert script.asked == [
        "POST /base/images/a?uploads=",
        "PUT /base/images/a?partNumber=1&uploadId=u%261",
        "PUT /base/images/a?partNumber=2&uploadId=u%261",
        "PUT /base/images/a?partNumber=3&uploadId=u%261",
        "POST /base/images/a?uploadId=u%261",
    ]
    assert b"".join(script.bodies[1:4]) == DATA
    third = hashlib.md5(DATA[2 * PART :]).hexdigest()
    assert f"<PartNumber>3</PartNumber><ETag>&quot;{third}&quot;".encode() in script.bodies[4]


def test_an_upload_that_is_refused_after_200_is_given_up(script, tmp_path):
    """CompleteMultipartUpload answers before it knows."""
    script.answers += [(200, _BEGUN), (200, ""), (200, ""), (200, ""), (200, _error("InvalidPart"))]
    script.answers += [(204, ""), (204, ""), (200, _OPEN), (204, "")]

    with pytest.raises(store.ImageStoreError, match="InvalidPart it is <so>"):
        _images(script, tmp_path).add("a", io.BytesIO(DATA))

    assert script.asked[5:] == [
        "DELETE /base/images/a?uploadId=u%261",
        "DELETE /base/images/a",
        "GET /base/images?prefix=a&uploads=",
        "DELETE /base/images/a?uploadId=u%261",
    ], "another image's upload goes on"


def test_what_failed_first_is_said_when_cleaning_up_fails_too(script, tmp_path):
    script.answers += [(200, _BEGUN), (507, ""), (500, "")]

    with pytest.raises(store.StoreFull):
        _images(script, tmp_path).add("a", io.BytesIO(DATA))


def test_a_service_that_lists_no_uploads_is_one_all_the_same(script, tmp_path):
    script.answers += [(204, ""), (501, _error("NotImplemented"))]

    _images(script, tmp_path).delete("a")

    assert len(script.asked) == 2


@pytest.mark.parametrize(("size_bytes", "asked"), [(10, 1), (len(DATA), 6)])
def test_bytes_that_are_not_those_sent_are_refused(script, tmp_path, size_bytes, asked):
    script.etag = f'"{"0" * 32}"'
    script.answers += [(200, _BEGUN)] * (size_bytes > PART) + [(200, "")]
    script.answers += [(204, ""), (204, ""), (200, _OPEN), (204, "")]

    with pytest.raises(store.ImageStoreError, match="were sent, it has"):
        _images(script, tmp_path).add("a", io.BytesIO(DATA[:size_bytes]))
    assert len(script.asked) == asked


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-amz-server-side-encryption", "aws:kms"),
        ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
    ],
)
def test_an_etag_of_what_is_encrypted_proves_nothing(script, tmp_path, header, value):
    script.etag, script.more = f'"{"0" * 32}"', {header: value}
    script.answers += [(200, "")]

    _images(script, tmp_path).add("a", io.BytesIO(b"some"))


def test_a_part_that_the_network_lost_is_sent_again_once(script, tmp_path):
    script.answers += [(200, _BEGUN), (200, ""), None, (200, ""), (200, ""), (200, "<C/>")]

    _images(script, tmp_path).add("a", io.BytesIO(DATA))

    assert script.bodies[2] == script.bodies[3] == DATA[PART : 2 * PART]


def test_one_that_is_lost_twice_is_unreachable(script, tmp_path):
    script.answers += [None, None]

    with pytest.raises(store.StoreUnreachable):
        _images(script, tmp_path).add("a", io.BytesIO(b"some"))
    assert len(script.asked) == 2


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "NoSuchKey", store.DataNotFound),
        (404, "", store.DataNotFound),
        (403, "AccessDenied", store.ImageStoreError),
        (301, "PermanentRedirect", store.ImageStoreError),
        (403, "QuotaExceeded", store.StoreFull),
        (400, "EntityTooLarge", store.StoreFull),
        (507, "XMinioStorageFull", store.StoreFull),
        (413, "", store.StoreFull),
        (503, "SlowDown", store.StoreUnreachable),
        (400, "RequestTimeout", store.StoreUnreachable),
        (500, "InternalError", store.StoreUnreachable),
    ],
)
def test_refusals_are_told_apart(script, tmp_path, status, code, kind):
    script.answers += [(status, _error(code) if code else "")]

    with pytest.raises(
        store.ImageStoreError, match=f"GET http.*/base/images/a: {status}"
    ) as raised:
        _images(script, tmp_path).get("a")
    assert type(raised.value) is kind
    assert code in str(raised.value)


@pytest.mark.parametrize(
    ("region", "body"),
    [
        ("us-east-1", b""),
        (
            "garage",
            b"<CreateBucketConfiguration><LocationConstraint>garage</LocationConstraint>"
            b"</CreateBucketConfiguration>",
        ),
    ],
)
def test_a_bucket_is_made_where_it_is_missing(script, tmp_path, region, body):
    script.answers += [(404, _error("NoSuchBucket")), (200, ""), (200, "")]

    _images(script, tmp_path, region=region).add("a", io.BytesIO(b"some"))

    paths = ["PUT /base/images/a", "PUT /base/images", "PUT /base/images/a"]
    assert script.asked == paths
    assert script.bodies == [b"some", body, b"some"]


def test_a_thousand_parts_hold_the_largest_image(tmp_path):
    """Swift's S3 takes no more of them; Amazon's ten thousand, of 5 GiB each."""
    key = aws_signing.Key(access="", secret="", region="")
    images = s3.S3Store(s3.Bucket(endpoint="http://x", name="b", key=key), spool=tmp_path)

    sizes = [images._size_bytes(place) for place in range(1000)]

    assert sum(sizes) > 1 << 40
    assert sizes == sorted(sizes)
    assert (sizes[0], sizes[-1]) == (s3.PART_BYTES, 5 << 30)


def test_a_large_part_waits_in_a_file_without_a_name(script, tmp_path):
    """A crash leaves nothing of it."""
    seen: list[list[Path]] = []
    size_bytes = s3.PART_BYTES + 1

    class Looking(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            seen.append(list(tmp_path.iterdir()))
            return super().read(size)

    images = _images(script, tmp_path)
    images._part_bytes = size_bytes
    script.answers += [(200, "")]
    images.add("a", Looking(bytes(size_bytes)))

    assert script.bodies == [bytes(size_bytes)]
    assert seen
    assert not any(seen)


def test_a_spool_without_room_is_said(script, tmp_path):
    images = _images(script, tmp_path / "missing")
    images._part_bytes = 2 * s3.PART_BYTES

    with pytest.raises(store.ImageStoreError, match="missing"):
        images.add("a", io.BytesIO(bytes(2 * s3.PART_BYTES)))
