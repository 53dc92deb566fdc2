"""Bodies in signed chunks, with trailers, digests and checksums: true, or not stored."""

import base64
import binascii
import hashlib
import hmac
import io

import pytest
from botocore import auth, awsrequest, credentials

from services.object.s3 import bodies
from tests.services.object.s3.clients import SECRETS, URL, refused
from tests.services.object.s3.test_signatures import code

KEY = credentials.Credentials("MEMBER", SECRETS["MEMBER"])
OBJECT = f"{URL}/books/o"
DATA = bytes(range(256)) * 300
CRC32 = base64.b64encode(binascii.crc32(DATA).to_bytes(4, "big")).decode()
EMPTY = hashlib.sha256(b"").hexdigest()


class Streamed:
    """A PUT in chunks, signed as S3's documents say; written from them, not from our reader."""

    def __init__(self, payload, *, data=DATA, size=8192, trailer="", trailer_value=CRC32):
        headers = {
            "x-amz-content-sha256": payload,
            "x-amz-decoded-content-length": str(len(data)),
            "content-encoding": "aws-chunked",
        }
        if trailer:
            headers["x-amz-trailer"] = trailer
        request = awsrequest.AWSRequest(method="PUT", url=OBJECT, headers=headers)
        signer = auth.S3SigV4Auth(KEY, "s3", "us-east-1")
        signer.payload = lambda _: payload
        request.context["payload_signing_enabled"] = True
        signer.add_auth(request)
        self.headers = dict(request.prepare().headers)
        seed = self.headers["Authorization"].rpartition("Signature=")[2]
        self.scope = (
            self.headers["Authorization"].partition("Credential=MEMBER/")[2].partition(",")[0]
        )
        self.when = self.headers["X-Amz-Date"]
        key = b"AWS4" + SECRETS["MEMBER"].encode()
        for part in self.scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        self.key, self.last = key, seed
        is_signed = "AWS4" in payload
        pieces = [data[i : i + size] for i in range(0, len(data), size)] + [b""]
        self.chunks = [self._chunk(piece, is_signed, trailer) for piece in pieces]
        self.tail = self._tail(trailer, trailer_value, is_signed)

    def _sign(self, kind, *lines):
        text = "\n".join((f"AWS4-HMAC-SHA256-{kind}", self.when, self.scope, self.last, *lines))
        self.last = hmac.digest(self.key, text.encode(), "sha256").hex()
        return self.last

    def _chunk(self, piece, is_signed, trailer):
        head = f"{len(piece):x}"
        if is_signed:
            signature = self._sign("PAYLOAD", EMPTY, hashlib.sha256(piece).hexdigest())
            head += f";chunk-signature={signature}"
        end = b"" if not piece and trailer else b"\r\n"
        return head.encode() + b"\r\n" + piece + end

    def _tail(self, trailer, value, is_signed):
        if not trailer:
            return b""
        lines = f"{trailer}:{value}\r\n"
        if is_signed:
            digest = hashlib.sha256(f"{trailer}:{value}\n".encode()).hexdigest()
            lines += f"x-amz-trailer-signature:{self._sign('TRAILER', digest)}\r\n"
        return lines.encode() + b"\r\n"

    def body(self):
        return b"".join(self.chunks) + self.tail

    def send(self, http, body=None):
        return http.put(OBJECT, headers=self.headers, content=self.body() if body is None else body)


class Trickle:
    """A source that gives few bytes at a time."""

    def __init__(self, file, step):
        self.file, self.step = file, step

    def read(self, size_bytes=-1, /):
        return self.file.read(min(size_bytes, self.step))


KINDS = {
    "signed": {"payload": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"},
    "signed with trailer": {
        "payload": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", "trailer": "x-amz-checksum-crc32",
    },
    "unsigned with trailer": {
        "payload": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "trailer": "x-amz-checksum-crc32",
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [8192, 65_536, 1_000_000])
def test_chunks_are_put_together(s3, bucket, http, kind, size):
    answer = Streamed(**KINDS[kind], size=size).send(http)

    assert answer.status_code == 200, answer.text
    got = s3.get_object(Bucket=bucket, Key="o")
    assert got["Body"].read() == DATA
    assert "ContentEncoding" not in got
    assert ("trailer" in KINDS[kind]) == ("ChecksumCRC32" in got)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cut", [1, 3, 90, 200, 8300, 40_000])
def test_a_body_cut_off_is_not_stored(s3, bucket, http, kind, cut):
    made = Streamed(**KINDS[kind])

    answer = made.send(http, made.body()[:-cut])

    assert (answer.status_code, code(answer)) == (400, "IncompleteBody")
    assert refused(s3.head_object, Bucket=bucket, Key="o") == "404"


@pytest.mark.parametrize("kind", ["signed", "signed with trailer"])
def test_a_changed_chunk_is_not_stored(s3, bucket, http, kind):
    made = Streamed(**KINDS[kind])
    body = bytearray(made.body())
    body[len(made.chunks[0]) + 200] ^= 1

    answer = made.send(http, bytes(body))

    assert (answer.status_code, code(answer)) == (403, "SignatureDoesNotMatch")
    assert refused(s3.head_object, Bucket=bucket, Key="o") == "404"


def test_chunks_in_another_order_are_not_stored(s3, bucket, http):
    made = Streamed(**KINDS["signed"])
    made.chunks[0], made.chunks[1] = made.chunks[1], made.chunks[0]

    answer = made.send(http)

    assert code(answer) == "SignatureDoesNotMatch"


@pytest.mark.parametrize("kind", ["signed with trailer", "unsigned with trailer"])
def test_a_wrong_trailer_is_not_stored(s3, bucket, http, kind):
    answer = Streamed(**KINDS[kind], trailer_value="AAAAAA==").send(http)

    assert (answer.status_code, code(answer)) == (400, "BadDigest")
    assert refused(s3.head_object, Bucket=bucket, Key="o") == "404"


def test_a_trailer_that_was_changed_is_not_stored(s3, bucket, http):
    made = Streamed(**KINDS["signed with trailer"])
    made.tail = made.tail.replace(CRC32.encode(), b"AAAAAA==")

    assert code(made.send(http)) == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    "body",
    [b"zz\r\n", b"5\r\nhello", b"5\r\nhelloX\r\n0\r\n\r\n", b"f" * 100_000, b"", b"\r\n\r\n",
     b"ffffffffffff\r\n" + b"x" * 1000, b"0\r\n" + b"a:b\r\n" * 3000]
)  # fmt: skip
def test_framing_that_is_none_is_refused(s3, bucket, http, body):
    made = Streamed(**KINDS["unsigned with trailer"])

    answer = made.send(http, body)

    assert answer.status_code == 400
    assert refused(s3.head_object, Bucket=bucket, Key="o") == "404"


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_last_chunk_may_be_small(s3, bucket, http, kind):
    answer = Streamed(**KINDS[kind], data=DATA[:20_000], size=8191).send(http)

    assert (answer.status_code, code(answer)) == (403, "InvalidChunkSizeError")
    assert "<Chunk>2</Chunk><BadChunkSize>8191</BadChunkSize>" in answer.text
    assert refused(s3.head_object, Bucket=bucket, Key="o") == "404"


@pytest.mark.parametrize("step", [1, 7, 8192, 1 << 20])
def test_chunks_are_read_however_they_come(step):
    framed = io.BytesIO(Streamed(**KINDS["unsigned with trailer"]).body())
    chunked = bodies.Chunked(Trickle(framed, step), chain=None, trailer="x-amz-checksum-crc32")

    assert b"".join(iter(lambda: chunked.read(50_000), b"")) == DATA
    assert chunked.trailers == {"x-amz-checksum-crc32": CRC32}


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_a_checksum_is_checked_kept_and_returned(s3, bucket, algorithm):
    named = {"Bucket": bucket, "Key": "o"}
    put = s3.put_object(**named, Body=DATA, ChecksumAlgorithm=algorithm)

    value = put[f"Checksum{algorithm}"]
    got = s3.get_object(**named)
    assert (got[f"Checksum{algorithm}"], got["ChecksumType"]) == (value, "FULL_OBJECT")
    assert got["Body"].read() == DATA
    found = s3.get_object_attributes(**named, ObjectAttributes=["Checksum", "ObjectSize", "ETag"])
    assert found["Checksum"][f"Checksum{algorithm}"] == value
    assert found["ObjectSize"] == len(DATA)
    wrong = {f"Checksum{algorithm}": value}
    assert refused(s3.put_object, **named, Body=b"other", **wrong) == "BadDigest"
    assert s3.head_object(**named)["ContentLength"] == len(DATA)
    assert "ChecksumType" not in s3.get_object(**named, Range="bytes=0-1")


def test_a_content_md5_is_held_to(s3, bucket):
    named = {"Bucket": bucket, "Key": "o"}
    right = base64.b64encode(hashlib.md5(b"x").digest()).decode()

    s3.put_object(**named, Body=b"x", ContentMD5=right)
    assert refused(s3.put_object, **named, Body=b"y", ContentMD5=right) == "BadDigest"
    assert refused(s3.put_object, **named, Body=b"y", ContentMD5="x") == "InvalidDigest"


def test_a_body_without_a_length_is_refused(bucket, http):
    request = awsrequest.AWSRequest(
        method="PUT", url=OBJECT, headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    )
    signer = auth.S3SigV4Auth(KEY, "s3", "us-east-1")
    signer.payload = lambda _: "UNSIGNED-PAYLOAD"
    signer.add_auth(request)
    headers = dict(request.prepare().headers)
    headers = {k: v for k, v in headers.items() if k.lower() != "content-length"}

    answer = http.put(OBJECT, headers=headers, content=iter([b"x"]))

    assert (answer.status_code, code(answer)) == (411, "MissingContentLength")


def test_a_huge_length_is_refused_before_a_byte_is_read(bucket, http):
    request = awsrequest.AWSRequest(method="PUT", url=OBJECT)
    signer = auth.S3SigV4Auth(KEY, "s3", "us-east-1")
    signer.payload = lambda _: "UNSIGNED-PAYLOAD"
    request.headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD"
    signer.add_auth(request)
    headers = {**dict(request.prepare().headers), "Content-Length": str(10**15)}

    answer = http.put(OBJECT, headers=headers, content=b"")

    assert (answer.status_code, code(answer)) == (400, "EntityTooLarge")
