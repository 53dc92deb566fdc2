"""Signatures, as botocore makes them, and as AWS documents them."""

import hashlib
import urllib.parse
from datetime import UTC, datetime, timedelta

import pytest
from botocore import auth, awsrequest, credentials

from services.http import aws_signature
from services.http.aws_signature import Signed

KEY = credentials.Credentials("ACCESS", "SECRET")
URL = "http://127.0.0.1:8774/services/Cloud"
PARAMETERS = {"Action": "DescribeInstances", "Version": "2016-11-15", "Filter.1.Value.1": "a b*~+é"}


def _received(request: awsrequest.AWSPreparedRequest) -> Signed:
    """What a server sees of it."""
    parts = urllib.parse.urlsplit(request.url)
    body = request.body or b""
    body = body.encode() if isinstance(body, str) else body
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    return Signed(
        method=request.method,
        path=urllib.parse.unquote(parts.path),
        query=tuple(urllib.parse.parse_qsl(parts.query, keep_blank_values=True)),
        headers={"host": parts.netloc, **headers},
        form=tuple(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True)),
        body_sha256=hashlib.sha256(body).hexdigest(),
    )


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _signed(signer, method="POST", url=URL):
    data, params = (PARAMETERS, None) if method == "POST" else (None, PARAMETERS)
    request = awsrequest.AWSRequest(method=method, url=url, data=data, params=params)
    signer.add_auth(request)
    return _received(request.prepare())


SIGNERS = {
    "v4": lambda: auth.SigV4Auth(KEY, "ec2", "RegionOne"),
    "v4 of nowhere": lambda: auth.SigV4Auth(KEY, "127", "0"),
    "v4 presigned": lambda: auth.SigV4QueryAuth(KEY, "ec2", "undefined-4711", expires=60),
    "v2": lambda: auth.SigV2Auth(KEY),
}


@pytest.mark.parametrize("url", [URL, f"{URL}/"])
@pytest.mark.parametrize(
    ("name", "method"),
    [
        (name, method)
        for name in SIGNERS
        for method in ("GET", "POST")
        if (name, method) != ("v4 presigned", "POST")
    ],  # botocore moves that one's body
)
def test_what_botocore_signs_is_true(name, method, url):
    claim = aws_signature.find(_signed(SIGNERS[name](), method, url))

    assert claim.access == "ACCESS"
    assert claim.is_by("SECRET")
    assert not claim.is_by("SECRET2")
    claim.check_time(datetime.now(UTC))


def test_the_example_of_aws_for_version_4():
    """ "Signature Version 4 test suite", get-vanilla."""
    scope = "20150830/us-east-1/service/aws4_request"
    signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    claim = aws_signature.find(
        Signed(
            method="GET", path="/", query=(), body_sha256=hashlib.sha256(b"").hexdigest(),
            headers={
                "host": "example.amazonaws.com", "x-amz-date": "20150830T123600Z",
                "authorization": f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope}, "
                f"SignedHeaders=host;x-amz-date, Signature={signature}",
            },
        )
    )  # fmt: skip

    assert claim.is_by("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")


@pytest.mark.parametrize("name", SIGNERS)
@pytest.mark.parametrize("change", ["method", "path", "query", "host", "body"])
def test_whatever_is_changed_is_noticed(name, change):
    method = "GET" if name == "v4 presigned" else "POST"
    told = _signed(SIGNERS[name](), method)
    other = {
        "method": {"method": "PUT"},
        "path": {"path": "/services/Admin"},
        "query": {"query": (*told.query, ("DryRun", "true"))},
        "host": {"headers": told.headers | {"host": "127.0.0.1"}},
        "body": {"form": (*told.form, ("DryRun", "true")), "body_sha256": "0" * 64},
    }[change]
    fields = {name: getattr(told, name) for name in Signed.__slots__}

    assert not aws_signature.find(Signed(**fields | other)).is_by("SECRET")


@pytest.mark.parametrize("name", SIGNERS)
@pytest.mark.parametrize(
    ("minutes", "is_good"), [(-14, True), (14, True), (-16, False), (16, False)]
)
def test_a_signature_holds_for_a_quarter_of_an_hour(name, minutes, is_good):
    method = "GET" if name == "v4 presigned" else "POST"
    claim = aws_signature.find(_signed(SIGNERS[name](), method))
    signed_at = claim.not_before + aws_signature.SKEW
    if name == "v4 presigned" and minutes > 0:  # for as long as it says: a minute
        is_good = False

    if is_good:
        claim.check_time(signed_at + timedelta(minutes=minutes))
    else:
        with pytest.raises(aws_signature.Expired, match="has expired"):
            claim.check_time(signed_at + timedelta(minutes=minutes))


def test_version_2_may_name_its_end():
    now = datetime.now(UTC)
    far = (now + timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    query = (
        ("AWSAccessKeyId", "ACCESS"), ("Signature", "AAAA"), ("SignatureVersion", "2"),
        ("SignatureMethod", "HmacSHA1"), ("Expires", far),
    )  # fmt: skip
    claim = aws_signature.find(
        Signed(method="GET", path="/", query=query, headers={"host": "h"}, body_sha256="")
    )

    claim.check_time(now)
    with pytest.raises(aws_signature.Expired):
        claim.check_time(now + timedelta(hours=4))


def test_nobody_signed_and_that_is_no_error():
    assert aws_signature.find(
        Signed(method="GET", path="/", query=(), headers={}, body_sha256="")
    ) is None  # fmt: skip


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("Credential", "ACCESS/20150830"),
        ("Credential", "ACCESS/20150830/us-east-1/service/aws4"),
        ("Credential", "ACCESS/20150831/us-east-1/service/aws4_request"),
        ("Credential", "ACCESS/20150830/a/b/c/aws4_request"),
        ("SignedHeaders", "x-amz-date"),
        ("SignedHeaders", "host;x-nowhere"),
        ("SignedHeaders", ""),
        ("Signature", "not hexadecimal"),
        ("Signature", ""),
        ("x-amz-date", "yesterday"),
        ("x-amz-date", ""),
        ("x-amz-date", "20150832T000000Z"),
        ("x-amz-date", "00010101T000000Z"),
        ("x-amz-date", "99991231T235959Z"),
    ],
)
def test_half_a_signature_says_what_it_lacks(where, text):
    day = text[:8] if text[:4] in ("0001", "9999") else "20150830"
    parts = {
        "Credential": f"ACCESS/{day}/us-east-1/service/aws4_request",
        "SignedHeaders": "host;x-amz-date", "Signature": "00" * 32,
    }  # fmt: skip
    headers = {"host": "h", "x-amz-date": "20150830T123600Z"}
    (headers if where in headers else parts)[where] = text
    authorization = ", ".join(f"{name}={value}" for name, value in parts.items())
    headers["authorization"] = f"AWS4-HMAC-SHA256 {authorization}"

    with pytest.raises(aws_signature.Incomplete):
        aws_signature.find(
            Signed(method="GET", path="/", query=(), headers=headers, body_sha256="")
        )


@pytest.mark.parametrize(
    "change",
    [
        {"SignatureVersion": "1"},
        {"SignatureMethod": "HmacMD5"},
        {"Timestamp": ""},
        {"Timestamp": "now"},
        {"Timestamp": "0001-01-01T00:00:00Z"},
        {"Timestamp": "9999-12-31T23:59:59Z"},
        {"AWSAccessKeyId": ""},
        {"Signature": "%"},
    ],
)
def test_half_a_signature_of_version_2_says_what_it_lacks(change):
    query = {
        "AWSAccessKeyId": "ACCESS", "Signature": "AAAA", "SignatureVersion": "2",
        "SignatureMethod": "HmacSHA1", "Timestamp": "2015-08-30T12:36:00Z",
    } | change  # fmt: skip

    with pytest.raises(aws_signature.Incomplete):
        aws_signature.find(
            Signed(
                method="GET", path="/", query=tuple(query.items()), headers={"host": "h"},
                body_sha256="",
            )
        )  # fmt: skip


@pytest.mark.parametrize("seconds", ["0", "-1", "604801", "9" * 5000, "x"])
def test_a_presigned_request_holds_for_a_week_at_most(seconds):
    query = {
        "X-Amz-Algorithm": aws_signature.V4, "X-Amz-Expires": seconds, "X-Amz-Signature": "00",
        "X-Amz-Credential": "ACCESS/20150830/us-east-1/service/aws4_request",
        "X-Amz-SignedHeaders": "host", "X-Amz-Date": "20150830T123600Z",
    }  # fmt: skip

    with pytest.raises(aws_signature.Incomplete):
        aws_signature.find(
            Signed(
                method="GET", path="/", query=tuple(query.items()), headers={"host": "h"},
                body_sha256="",
            )
        )  # fmt: skip
