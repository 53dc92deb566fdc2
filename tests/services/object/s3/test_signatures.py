"""Who signed: botocore's signers are believed, and nothing else is."""

import hashlib
import urllib.parse

import pytest
from botocore import auth, awsrequest, credentials

from appliance import clock
from storage.objects.object_file import ObjectName
from tests.services.object.s3.clients import SECRETS, URL, refused

KEY = credentials.Credentials("MEMBER", SECRETS["MEMBER"])
OBJECT = f"{URL}/books/o"
EMPTY = hashlib.sha256(b"").hexdigest()


def code(answer):
    """The code of a refusal."""
    return answer.text.partition("<Code>")[2].partition("</Code>")[0]


def signed(signer, method="GET", url=OBJECT, data=b"", headers=None):
    request = awsrequest.AWSRequest(method=method, url=url, data=data, headers=headers or {})
    signer.add_auth(request)
    return request.prepare()


def send(http, request, **changes):
    headers = {k: v if isinstance(v, str) else v.decode() for k, v in request.headers.items()}
    for name in [name for name in headers if name.lower() in changes]:
        del headers[name]
    headers |= {k: v for k, v in changes.items() if v}
    return http.request(request.method, request.url, headers=headers, content=request.body)


SIGNERS = {
    "v4": lambda: auth.S3SigV4Auth(KEY, "s3", "us-east-1"),
    "v4 of elsewhere": lambda: auth.S3SigV4Auth(KEY, "s3", "RegionOne"),
    "v4 presigned": lambda: auth.S3SigV4QueryAuth(KEY, "s3", "us-east-1", expires=60),
    "v2": lambda: auth.HmacV1Auth(KEY),
    "v2 presigned": lambda: auth.HmacV1QueryAuth(KEY, expires=60),
}


@pytest.mark.parametrize("name", SIGNERS)
@pytest.mark.parametrize("query", ["", "?response-content-type=a%20b", "?acl"])
def test_what_botocore_signs_is_believed(s3, bucket, http, name, query):
    s3.put_object(Bucket=bucket, Key="o", Body=b"hello")

    answer = send(http, signed(SIGNERS[name](), url=OBJECT + query))

    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("name", SIGNERS)
def test_a_signature_is_for_one_method_path_and_query(s3, bucket, http, name):
    s3.put_object(Bucket=bucket, Key="o", Body=b"hello")
    request = signed(SIGNERS[name]())
    headers = dict(request.headers)
    joint = "&" if "?" in request.url else "?"

    for method, url in (
        ("DELETE", request.url),
        ("GET", request.url.replace("/books/o", "/books/p")),
        ("GET", f"{request.url}{joint}acl"),
    ):
        answer = http.request(method, url, headers=headers)
        assert (answer.status_code, code(answer)) == (403, "SignatureDoesNotMatch")
    assert s3.get_object(Bucket=bucket, Key="o")["Body"].read() == b"hello"


def test_an_unknown_key_and_a_wrong_secret(clients, bucket):
    assert refused(clients.of("NOBODY").list_buckets) == "InvalidAccessKeyId"
    wrong = clients.of("MEMBER")
    wrong._request_signer._credentials.secret_key = "wrong"
    assert refused(wrong.list_buckets) == "SignatureDoesNotMatch"


@pytest.mark.parametrize("name", ["v4", "v2"])
@pytest.mark.parametrize("hours", [-1, 1])
def test_a_skewed_clock_is_refused(bucket, http, monkeypatch, name, hours):
    request = signed(SIGNERS[name]())
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + hours * 3600)

    answer = send(http, request)

    assert (answer.status_code, code(answer)) == (403, "RequestTimeTooSkewed")


@pytest.mark.parametrize("name", ["v4 presigned", "v2 presigned"])
def test_a_url_ends(bucket, http, monkeypatch, name):
    request = signed(SIGNERS[name]())
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + 61)

    answer = send(http, request)

    assert (answer.status_code, code(answer)) == (403, "AccessDenied")


def test_a_header_of_amazons_that_nobody_signed_is_refused(s3, bucket, http):
    s3.put_object(Bucket=bucket, Key="o", Body=b"x")

    answer = send(http, signed(SIGNERS["v4"]()), **{"x-amz-acl": "public-read"})

    assert (answer.status_code, code(answer)) == (403, "AccessDenied")


def test_a_body_that_is_not_what_was_signed_is_not_stored(s3, bucket, http):
    request = signed(SIGNERS["v4"](), method="PUT", data=b"hello")

    answer = http.put(OBJECT, headers=dict(request.headers), content=b"hellO")

    assert (answer.status_code, code(answer)) == (400, "XAmzContentSHA256Mismatch")
    assert refused(s3.head_object, Bucket=bucket, Key="o") == "404"


@pytest.mark.parametrize(
    "authorization",
    ["AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=x", "AWS MEMBER", "AWS :", "Bearer x",
     "AWS4-HMAC-SHA256 Credential=MEMBER/20200101/r/s3/aws4_request, SignedHeaders=, Signature=0"],
)  # fmt: skip
def test_what_is_no_signature_is_refused(bucket, http, authorization):
    headers = {"Authorization": authorization, "x-amz-content-sha256": EMPTY}

    answer = http.get(OBJECT, headers=headers)

    assert answer.status_code in (400, 403)
    assert code(answer) not in ("", "InternalError")


@pytest.mark.parametrize("expires", ["0", "604801", "x", "-1", "9" * 30])
def test_a_url_that_ends_never_is_refused(bucket, http, expires):
    request = signed(SIGNERS["v4 presigned"]())
    url = request.url.replace("X-Amz-Expires=60", f"X-Amz-Expires={expires}")

    answer = http.get(url)

    assert (answer.status_code, code(answer)) == (400, "AuthorizationQueryParametersError")


def test_a_bucket_in_the_host(s3, bucket, clients):
    s3.put_object(Bucket=bucket, Key="v1/o", Body=b"hello")
    virtual = clients.of("MEMBER", addressing_style="virtual", endpoint_url="http://s3.test:8080")

    assert virtual.get_object(Bucket=bucket, Key="v1/o")["Body"].read() == b"hello"
    assert [o["Key"] for o in virtual.list_objects_v2(Bucket=bucket)["Contents"]] == ["v1/o"]


def test_a_signature_of_version_2_covers_the_bucket_in_the_host(s3, bucket, http):
    s3.put_object(Bucket=bucket, Key="o", Body=b"hello")
    request = signed(auth.HmacV1QueryAuth(KEY, expires=60))
    query = urllib.parse.urlsplit(request.url).query

    answer = http.get(f"http://books.s3.test/o?{query}")

    assert answer.content == b"hello"


def test_metadata_in_utf_8_is_signed_as_it_is_sent(bucket, http, store):
    request = signed(SIGNERS["v4"](), method="PUT", data=b"x", headers={"x-amz-meta-name": "größe"})
    headers = {k.encode(): str(v).encode() for k, v in request.headers.items()}

    answer = http.put(OBJECT, headers=headers, content=b"x")

    assert answer.status_code == 200, answer.text
    kept = store.head_object(ObjectName("AUTH_p", "books", "o")).metadata["X-Object-Meta-Name"]
    assert kept.encode("latin-1").decode() == "größe"
