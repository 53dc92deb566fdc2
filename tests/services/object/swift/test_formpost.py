"""Files from an HTML form whose fields are signed."""

import hashlib
import hmac
import time

import pytest
from starlette.testclient import TestClient

from tests.services.object.conftest import NOBODY

A, C = "/v1/AUTH_p", "/v1/AUTH_p/c"
LATER = int(time.time()) + 1000
EDGE = "----WebKitFormBoundaryX"


@pytest.fixture
def keyed(swifty: TestClient) -> TestClient:
    swifty.post(A, headers={"X-Account-Meta-Temp-URL-Key": "key"})
    return swifty


def fields(
    path: str, *, key: str = "key", digest: str = "sha1", **changes: object
) -> dict[str, object]:
    said: dict[str, object] = {
        "redirect": "", "max_file_size": 100, "max_file_count": 2, "expires": LATER, **changes
    }  # fmt: skip
    text = "\n".join(
        [
            path,
            *(
                str(said[name])
                for name in ("redirect", "max_file_size", "max_file_count", "expires")
            ),
        ]
    )
    return said | {"signature": hmac.new(key.encode(), text.encode(), digest).hexdigest()}


def body(said: dict[str, object], *files: tuple[str, bytes]) -> bytes:
    parts = [
        f'--{EDGE}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in said.items()
    ]
    parts += [
        f'--{EDGE}\r\nContent-Disposition: form-data; name="f"; filename="{name}"\r\n'
        f"Content-Type: text/x\r\n\r\n".encode()
        + data
        + b"\r\n"
        for name, data in files
    ]
    return b"".join(parts) + f"--{EDGE}--\r\n".encode()


def post(client: TestClient, path: str, content: bytes):
    kind = f"multipart/form-data; boundary={EDGE}"
    return client.post(
        path, content=content, headers={"Content-Type": kind, **NOBODY}, follow_redirects=False
    )


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
def test_files_are_stored_below_the_path(keyed: TestClient, digest: str):
    tricky = b"\r\n--" + EDGE.encode()[:-1] + b"\r\n\r\n--"
    path = f"{C}/photos/"

    answer = post(keyed, path, body(fields(path, digest=digest), ("größe.txt", tricky), ("b", b"")))

    assert answer.status_code == 201
    assert keyed.get(C).text == "photos/b\nphotos/größe.txt\n"
    got = keyed.get(f"{C}/photos/größe.txt")
    assert (got.content, got.headers["content-type"]) == (tricky, "text/x")


def test_a_large_file_arrives_whole(keyed: TestClient):
    data = bytes(range(256)) * 20_000
    said = fields(C, max_file_size=10 << 20)

    assert post(keyed, C, body(said, ("big", data))).status_code == 201
    assert keyed.get(f"{C}/big").content == data


def test_the_browser_is_sent_on(keyed: TestClient):
    said = fields(C, redirect="https://example.com/done?x=1\r\nSet-Cookie: a")

    answer = post(keyed, C, body(said, ("a", b"")))

    assert answer.status_code == 303
    assert answer.headers["location"] == (
        "https://example.com/done?x=1%0D%0ASet-Cookie:%20a&status=201&message="
    )


def test_nothing_is_stored_or_followed_without_a_signature(keyed: TestClient):
    good = fields(C, redirect="https://example.com/")
    for change in (
        {"signature": ""}, {"signature": "0" * 40}, {"max_file_count": 3}, {"max_file_size": 9999},
        {"redirect": "https://evil.example/"}, {"expires": LATER + 1},
    ):  # fmt: skip
        answer = post(keyed, C, body(good | change, ("a", b"x")))
        assert (answer.status_code, answer.text) == (401, "FormPost: Invalid Signature"), change
    assert post(keyed, f"{C}/other", body(good, ("a", b"x"))).status_code == 401
    assert keyed.get(C).text == ""


def test_a_form_ends(keyed: TestClient):
    answer = post(keyed, C, body(fields(C, expires=int(time.time()) - 1), ("a", b"x")))

    assert (answer.status_code, answer.text) == (401, "FormPost: Form Expired")


def test_no_more_and_no_larger_files_are_taken(keyed: TestClient):
    many = post(keyed, C, body(fields(C), ("a", b""), ("b", b""), ("c", b"")))
    large = post(keyed, C, body(fields(C), ("big", b"x" * 101)))

    assert (many.status_code, many.text) == (400, "max_file_count exceeded\r\n")
    assert (large.status_code, large.text) == (413, "max_file_size exceeded\r\n")
    assert keyed.get(C).text == "a\nb\n"


def test_limits_said_after_a_file_do_not_count(keyed: TestClient):
    said = body(fields(C, max_file_count=1), ("a", b""))[: -len(EDGE) - 6]
    later = body({"max_file_count": 9}, ("b", b""))

    assert post(keyed, C, said + later).status_code == 400
    assert keyed.get(C).text == "a\n"


def test_files_may_expire(keyed: TestClient):
    said = fields(C) | {"x_delete_at": LATER}

    post(keyed, C, body(said, ("a", b"")))

    assert keyed.head(f"{C}/a").headers["x-delete-at"] == str(LATER)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"nothing", f"--{EDGE}".encode(), f"--{EDGE}--".encode(), f"--{EDGE}\r\nX: y".encode(),
        f"--{EDGE}\r\n\r\n\r\n--{EDGE}--".encode(), f"--{EDGE}what\r\n".encode(),
        f"--{EDGE}\r\n".encode() + b"X: " + b"y" * 20_000,
        body({"redirect": "x" * 5000}), body({str(number): "" for number in range(200)}),
        body(fields(C)), body({"max_file_size": "x"}, ("a", b"")),
        body(fields(C), ("a", b"x" * 50))[:-30],
    ],
)  # fmt: skip
def test_what_is_no_form_is_refused(keyed: TestClient, content: bytes):
    assert post(keyed, C, content).status_code == 400
    assert keyed.get(C).text == ""


def test_a_form_needs_its_boundary(keyed: TestClient):
    answer = keyed.post(C, content=b"x", headers={"Content-Type": "multipart/form-data"})

    assert answer.status_code == 400


def test_a_container_that_is_missing_is_said_to_be(keyed: TestClient):
    path = f"{A}/none"

    assert post(keyed, path, body(fields(path), ("a", b""))).status_code == 404


def test_the_digest_of_tempest_is_sha1():
    assert len(str(fields(C)["signature"])) == 2 * hashlib.sha1(usedforsecurity=False).digest_size
