"""A hostile peer of the S3 face, over raw connections: refused in form, and nothing kept."""

import hashlib
import http.client
import socket
from pathlib import Path

import pytest
from botocore import auth, awsrequest
from botocore import credentials as botocore_credentials

from appliance import credentials
from tests.system.object_process import ObjectProcess

MIB = 1 << 20
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
STREAMING = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"


@pytest.fixture(scope="module")
def store(store: ObjectProcess) -> ObjectProcess:
    assert _ask(store, "PUT", "/raw-books")[0] == 200
    return store


def _headers(
    store: ObjectProcess, method: str, path: str, data: bytes = b"", payload: str = "",
    **extra: str,
) -> dict[str, str]:  # fmt: skip
    """A request's headers, signed by botocore over the path as it is sent."""
    keys = credentials.ec2_environment(store.settings, "demo")
    key = botocore_credentials.Credentials(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"])
    digest = payload or hashlib.sha256(data).hexdigest()
    request = awsrequest.AWSRequest(
        method=method, url=f"http://127.0.0.1:{store.port}{path}",
        headers={"x-amz-content-sha256": digest, **extra},
    )  # fmt: skip
    signer = auth.S3SigV4Auth(key, "s3", "us-east-1")
    signer.payload = lambda _: digest
    signer.add_auth(request)
    return {name: str(value) for name, value in request.headers.items()}


def _ask(
    store: ObjectProcess, method: str, path: str, data: bytes = b"", **more: str
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", store.port, timeout=60)
    headers = _headers(store, method, path, data, **more)
    connection.putrequest(method, path)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(data)))
    connection.endheaders(data or None)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def _rss_mib(store: ObjectProcess) -> float:
    lines = Path(f"/proc/{store.pid}/status").read_text().splitlines()
    (kib,) = [line.split()[1] for line in lines if line.startswith("VmRSS")]
    return int(kib) / 1024


@pytest.mark.parametrize(
    "path", ["/../../../etc/passwd", "/a/../b", "//x", "/a%2Fb", "/%2e%2e/x", "/.", "/a%0Ab"]
)
def test_a_key_is_only_a_name(store: ObjectProcess, path: str):
    before = sorted(p.name for p in store.home.parent.iterdir())

    assert _ask(store, "PUT", f"/raw-books{path}", b"x")[0] == 200
    assert _ask(store, "GET", f"/raw-books{path}") == (200, b"x")
    assert sorted(p.name for p in store.home.parent.iterdir()) == before
    assert _ask(store, "DELETE", f"/raw-books{path}")[0] == 204


@pytest.mark.parametrize(
    ("path", "code"),
    [("/raw-books/a%00b", b"InvalidURI"), ("/raw-books/%FF", b"InvalidURI"),
     ("/raw-books/" + "k" * 1025, b"KeyTooLongError"), ("/raw%00books/x", b"InvalidURI"),
     ("/raw-books/x?versionId=%00", b"InvalidArgument"),
     ("/raw-books?prefix=%00", b"InvalidArgument")],
)  # fmt: skip
def test_a_name_that_is_none_is_refused(store: ObjectProcess, path: str, code: bytes):
    status, body = _ask(store, "GET", path)

    assert status == 400
    assert b"<Code>" + code in body


def test_the_client_is_told_at_once_to_go_on(store: ObjectProcess):
    headers = _headers(store, "PUT", "/raw-books/o", b"hello")
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join(
        ["PUT /raw-books/o HTTP/1.1", f"Host: 127.0.0.1:{store.port}", *lines,
         "Content-Length: 5", "Expect: 100-continue", "", ""]
    )  # fmt: skip
    with store.connect() as peer:
        peer.settimeout(5)
        peer.sendall(head.encode())
        assert peer.recv(100).startswith(b"HTTP/1.1 100")
        peer.sendall(b"hello")
        assert peer.recv(100).startswith(b"HTTP/1.1 200")


def test_an_answer_without_going_on_ends_the_connection(store: ObjectProcess):
    """botocore would take its status for that of the next answer on the same connection."""
    headers = _headers(store, "PUT", "/raw-books/o", b"")
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join(
        ["PUT /raw-books/o HTTP/1.1", f"Host: 127.0.0.1:{store.port}", *lines,
         "Content-Length: 0", "Expect: 100-continue", "", ""]
    )  # fmt: skip
    with store.connect() as peer:
        peer.settimeout(5)
        peer.sendall(head.encode())
        answer = b"".join(iter(lambda: peer.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize("payload", [UNSIGNED_TRAILER, STREAMING])
def test_one_chunk_of_200_mib_that_is_not_true_costs_no_memory(store: ObjectProcess, payload: str):
    size = 200 * MIB
    extra = {"x-amz-decoded-content-length": str(size)}
    head = f"{size:x}"
    if payload == STREAMING:
        head += ";chunk-signature=" + "0" * 64
    else:
        extra["x-amz-trailer"] = "x-amz-checksum-crc32"
    headers = _headers(store, "PUT", "/raw-books/huge", payload=payload, **extra)
    tail = b"\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"
    connection = http.client.HTTPConnection("127.0.0.1", store.port, timeout=60)
    connection.putrequest("PUT", "/raw-books/huge")
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(head) + 2 + size + len(tail)))
    connection.endheaders()
    before, peak = _rss_mib(store), 0.0
    connection.send(head.encode() + b"\r\n")
    for _ in range(200):
        connection.send(b"x" * MIB)
        peak = max(peak, _rss_mib(store))
    try:
        connection.send(tail)
        answer = connection.getresponse()
        assert answer.status in (400, 403)
    except ConnectionError:
        assert payload == STREAMING  # refused before the last bytes came
    connection.close()

    assert peak - before < 24
    assert _ask(store, "HEAD", "/raw-books/huge")[0] == 404


def test_an_upload_cut_off_leaves_nothing(store: ObjectProcess):
    extra = {"x-amz-decoded-content-length": "1000", "x-amz-trailer": "x-amz-checksum-crc32"}
    headers = _headers(store, "PUT", "/raw-books/cut", payload=UNSIGNED_TRAILER, **extra)
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join(
        ["PUT /raw-books/cut HTTP/1.1", f"Host: 127.0.0.1:{store.port}", *lines,
         "Content-Length: 2000", "", ""]
    )  # fmt: skip
    with store.connect() as peer:
        peer.sendall(head.encode() + b"3e8\r\n" + b"x" * 500)
        peer.shutdown(socket.SHUT_WR)

    assert _ask(store, "HEAD", "/raw-books/cut")[0] == 404


def test_a_length_beyond_all_bounds_is_refused_at_once(store: ObjectProcess):
    headers = _headers(store, "PUT", "/raw-books/o", payload="UNSIGNED-PAYLOAD")
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join(
        ["PUT /raw-books/o HTTP/1.1", f"Host: 127.0.0.1:{store.port}", *lines,
         "Content-Length: 999999999999999", "", ""]
    )  # fmt: skip
    with store.connect() as peer:
        peer.settimeout(10)
        peer.sendall(head.encode())
        assert b"EntityTooLarge" in peer.recv(4096)


def test_swift_is_beside(store: ObjectProcess):
    assert _ask(store, "PUT", "/raw-books/both", b"x")[0] == 200
    assert store.request("GET", "/raw-books/both") == (200, b"x")
    with store.connect() as peer:
        peer.sendall(b"GET /info HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b'"swift"' in peer.recv(4096)
