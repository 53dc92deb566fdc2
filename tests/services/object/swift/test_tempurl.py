"""URLs that carry a right for a while."""

import base64
import hashlib
import hmac
import json
import time
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from storage.objects.store import ObjectStore
from tests import asgi
from tests.services.object.conftest import NOBODY, object_face

A, C, O = "/v1/AUTH_p", "/v1/AUTH_p/c", "/v1/AUTH_p/c/o"  # noqa: E741
LATER = int(time.time()) + 1000


@pytest.fixture
def keyed(swifty: TestClient) -> TestClient:
    """Without a token; the account has two keys, the container one, and there is an object."""
    swifty.post(
        A, headers={"X-Account-Meta-Temp-URL-Key": "one", "X-Account-Meta-Temp-URL-Key-2": "two"}
    )
    swifty.post(C, headers={"X-Container-Meta-Temp-URL-Key": "three"})
    swifty.put(
        O, content=b"data", headers={"X-Object-Meta-Secret": "s", "X-Object-Meta-Public-A": "a"}
    )
    swifty.headers["X-Auth-Token"] = ""
    return swifty


def sign(text: str, *, key: str = "one", digest: str = "sha256") -> str:
    return hmac.new(key.encode(), text.encode(), digest).hexdigest()


def url(
    path: str = O, method: str = "GET", *, key: str = "one", digest: str = "sha256", **more: str
) -> str:
    signature = sign(f"{method}\n{LATER}\n{path}", key=key, digest=digest)
    return f"{path}?{urlencode({'temp_url_sig': signature, 'temp_url_expires': LATER, **more})}"


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("key", ["one", "two", "three"])
def test_each_key_and_digest_opens(keyed: TestClient, key: str, digest: str):
    assert keyed.get(url(key=key, digest=digest)).content == b"data"


@pytest.mark.parametrize("signed", ["GET", "PUT", "POST"])
def test_whoever_may_do_more_may_look(keyed: TestClient, signed: str):
    assert keyed.head(url(method=signed)).status_code == 200


def test_what_is_signed_is_all_there_is(keyed: TestClient):
    assert keyed.put(url(method="PUT"), content=b"new").status_code == 201
    assert keyed.delete(url(method="PUT")).status_code == 401
    assert keyed.put(url(), content=b"x").status_code == 401
    assert keyed.get(url(method="HEAD")).status_code == 401
    assert keyed.get(url(f"{C}/other").replace("other", "o")).status_code == 401
    assert keyed.delete(url(method="DELETE")).status_code == 204


def test_a_wrong_cut_or_missing_signature_opens_nothing(keyed: TestClient):
    good = sign(f"GET\n{LATER}\n{O}")
    wrong = [
        "", good[:-1], good[:-2], good[:40], good + "00", "0" * 64, good[:-1] + "é",
        "sha1:" + good, "sha256:!!", "md5:" + good, "x" * 50_000,
        sign(f"GET\n{LATER}\n{O}", key="four"),
    ]  # fmt: skip

    for signature in wrong:
        query = urlencode({"temp_url_sig": signature, "temp_url_expires": LATER})
        assert keyed.get(f"{O}?{query}").status_code == 401, signature[:100]
    assert keyed.get(f"{O}?temp_url_sig={good}").status_code == 401
    assert keyed.get(f"{O}?temp_url_expires={LATER}").status_code == 401


def test_a_wrong_signature_is_refused_even_with_a_token(keyed: TestClient):
    query = urlencode({"temp_url_sig": "0" * 64, "temp_url_expires": LATER})

    assert keyed.get(f"{O}?{query}", headers={"X-Auth-Token": "member"}).status_code == 401


def test_a_signature_may_be_base64(keyed: TestClient):
    raw = bytes.fromhex(sign(f"GET\n{LATER}\n{O}", digest="sha512"))
    for text in (
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
    ):
        query = urlencode({"temp_url_sig": f"sha512:{text}", "temp_url_expires": LATER})
        assert keyed.get(f"{O}?{query}").status_code == 200


def test_it_ends(keyed: TestClient):
    past = int(time.time()) - 1
    query = urlencode({"temp_url_sig": sign(f"GET\n{past}\n{O}"), "temp_url_expires": past})

    assert keyed.get(f"{O}?{query}").status_code == 401
    for odd in ("", "x", "-1", "1" * 5000, "2020-01-01T00:00:00Z"):
        query = urlencode({"temp_url_sig": sign(f"GET\n{odd}\n{O}"), "temp_url_expires": odd})
        assert keyed.get(f"{O}?{query}").status_code == 401, odd[:30]


def test_the_end_may_be_a_date(keyed: TestClient):
    date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(LATER))
    query = urlencode({"temp_url_sig": sign(f"GET\n{LATER}\n{O}"), "temp_url_expires": date})

    answer = keyed.get(f"{O}?{query}")
    assert answer.status_code == 200
    assert answer.headers["expires"] == time.strftime(
        "%a, %d %b %Y %H:%M:%S GMT", time.gmtime(LATER)
    )


def test_a_prefix_opens_what_is_below(keyed: TestClient):
    signature = sign(f"GET\n{LATER}\nprefix:{C}/o")
    query = urlencode(
        {"temp_url_sig": signature, "temp_url_expires": LATER, "temp_url_prefix": "o"}
    )

    assert keyed.get(f"{O}?{query}").status_code == 200
    assert keyed.get(f"{C}/other?{query}").status_code == 404
    assert keyed.get(f"{C}/x?{query}").status_code == 401
    assert keyed.get(f"{A}/d/o?{query}").status_code == 401
    assert keyed.get(f"{O}?{query}x").status_code == 401


@pytest.mark.parametrize(
    ("network", "status"),
    [("10.1.2.0/24", 200), ("10.1.2.3", 200), ("10.9.0.0/16", 401), ("x", 401)],
)
def test_a_range_of_addresses_keeps_others_out(
    keyed: TestClient, store: ObjectStore, network: str, status: int
):
    there = asgi.client(object_face(store), client=("10.1.2.3", 50_000))
    signature = sign(f"ip={network}\nGET\n{LATER}\n{O}")
    query = {"temp_url_sig": signature, "temp_url_expires": LATER, "temp_url_ip_range": network}

    assert there.get(f"{O}?{urlencode(query)}").status_code == status
    del query["temp_url_ip_range"]
    assert there.get(f"{O}?{urlencode(query)}").status_code == 401


def test_the_answer_is_a_file_without_the_owners_notes(keyed: TestClient):
    plain = keyed.get(url()).headers
    named = keyed.get(url(filename='a"ü\r\n.txt')).headers["content-disposition"]

    assert plain["content-disposition"] == "attachment; filename=\"o\"; filename*=UTF-8''o"
    assert "x-object-meta-secret" not in plain
    assert plain["x-object-meta-public-a"] == "a"
    assert named == ("attachment; filename=\"a____.txt\"; filename*=UTF-8''a%22%C3%BC%0D%0A.txt")
    assert keyed.get(url(inline="")).headers["content-disposition"] == "inline"


def test_who_may_write_one_object_reads_no_other_by_it(keyed: TestClient):
    keyed.put(f"{A}/private", headers={"X-Auth-Token": "member"})
    keyed.put(f"{A}/private/secret", content=b"secret", headers={"X-Auth-Token": "member"})
    put = url(method="PUT")
    manifest = json.dumps([{"path": "/private/secret"}])

    assert keyed.put(put, headers={"X-Object-Manifest": "private/s"}).status_code == 400
    assert keyed.put(put, headers={"X-Symlink-Target": "private/secret"}).status_code == 400
    assert keyed.put(f"{put}&multipart-manifest=put", content=manifest).status_code == 400
    assert keyed.put(put, headers={"X-Copy-From": "private/secret"}).status_code == 401
    assert keyed.get(url()).content == b"data"


def test_a_containers_key_does_not_reach_further(keyed: TestClient):
    owner = {"X-Auth-Token": "member"}
    keyed.put(f"{A}/private", headers=owner)
    keyed.put(f"{A}/private/s1", content=b"secret", headers=owner)
    keyed.put(f"{C}/big", headers={"X-Object-Manifest": "private/s", **owner})

    assert keyed.get(url(f"{C}/big")).content == b"secret"
    assert keyed.get(url(f"{C}/big", key="three")).status_code == 401


def test_containers_and_accounts_are_not_opened(keyed: TestClient):
    for path in (C, A, f"{C}/"):
        assert keyed.get(url(path)).status_code == 401


def test_without_keys_nothing_is_signed(swifty: TestClient):
    swifty.put(O, content=b"data")

    assert swifty.get(url(key=""), headers=NOBODY).status_code == 401


def test_digests_are_as_long_as_they_should_be():
    assert [len(hashlib.new(name).digest()) for name in ("sha1", "sha256", "sha512")] == [
        20,
        32,
        64,
    ]
