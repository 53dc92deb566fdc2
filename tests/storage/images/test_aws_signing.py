"""Signatures of S3 requests: Amazon's own example, botocore, and the verifier of our EC2 API."""

import hashlib
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

from services.http import aws_signature
from storage.images import aws_signing

# "Signature Calculations for the Authorization Header", example GET Object (Amazon S3 reference)
KEY = aws_signing.Key(
    access="AKIAIOSFODNN7EXAMPLE",
    secret="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    region="us-east-1",
)
AT_S = 1369353600.0  # 2013-05-24 00:00:00 UTC
NOTHING = hashlib.sha256().hexdigest()


def test_amazons_example_is_signed_as_amazon_does():
    signed = aws_signing.signed(
        KEY, "GET", path="/test.txt", query={}, body_sha256=NOTHING, at_s=AT_S,
        headers={"Host": "examplebucket.s3.amazonaws.com", "Range": "bytes=0-9"},
    )  # fmt: skip

    assert signed["Authorization"].endswith(
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


def test_amazons_example_with_a_query_is_signed_as_amazon_does():
    signed = aws_signing.signed(
        KEY, "GET", path="/", query={"lifecycle": ""}, body_sha256=NOTHING, at_s=AT_S,
        headers={"Host": "examplebucket.s3.amazonaws.com"},
    )  # fmt: skip

    assert signed["Authorization"].endswith(
        "Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
    )


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/bucket/a%20b", {}),
        ("/bucket/%C3%A4", {"uploads": "", "prefix": "ä b/~"}),
        ("/bucket/a%2Bb%26c%3Dd", {"partNumber": "10", "uploadId": "A+/=&"}),
    ],
)
def test_two_others_find_the_signature_true(path: str, query: dict[str, str]):
    signed = aws_signing.signed(
        KEY, "PUT", path=path, query=query, body_sha256=aws_signing.UNSIGNED, at_s=AT_S,
        headers={"Host": "s3.example:9000", "Content-Length": "3"},
    )  # fmt: skip

    claim = aws_signature.find(
        aws_signature.Signed(
            method="PUT", path=urllib.parse.unquote(path), query=tuple(query.items()),
            headers={name.lower(): value for name, value in signed.items()},
            body_sha256=aws_signing.UNSIGNED,
        )
    )  # fmt: skip
    assert claim is not None
    assert claim.is_by(KEY.secret)
    assert not claim.is_by(KEY.secret + "x")
    assert signed["Authorization"].split("Signature=")[1] == _botocore(path, query, signed)


def _botocore(path: str, query: dict[str, str], signed: dict[str, str]) -> str:
    signer = botocore.auth.S3SigV4Auth(
        botocore.credentials.Credentials(KEY.access, KEY.secret), "s3", KEY.region
    )
    url = f"http://s3.example:9000{path}?{aws_signing.query_string(query)}"
    request = botocore.awsrequest.AWSRequest(
        "PUT", url, headers={name: text for name, text in signed.items() if name != "Authorization"}
    )
    request.context["timestamp"] = signed["x-amz-date"]
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return signer.signature(text, request)


def test_a_secret_is_not_printed():
    assert KEY.secret not in repr(KEY)
