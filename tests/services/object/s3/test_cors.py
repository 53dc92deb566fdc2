"""Pages of other origins may do what the bucket's rules let them."""

import pytest

from tests.services.object.s3.clients import URL, refused
from tests.services.object.s3.test_signatures import code

RULES = [
    {
        "AllowedOrigins": ["http://*.example.test"], "AllowedMethods": ["GET", "PUT"],
        "AllowedHeaders": ["x-amz-*"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 60, "ID": "one",
    },
    {"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]},
]  # fmt: skip


@pytest.fixture
def shared(s3, bucket):
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": RULES})
    return s3


def ask(http, method, origin="http://a.example.test", headers=""):
    return http.options(
        f"{URL}/books/o",
        headers={
            "Origin": origin, "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": headers,
        },
    )  # fmt: skip


def test_rules_are_kept(shared):
    found = shared.get_bucket_cors(Bucket="books")["CORSRules"]
    assert found == RULES
    shared.delete_bucket_cors(Bucket="books")
    assert refused(shared.get_bucket_cors, Bucket="books") == "NoSuchCORSConfiguration"


def test_a_browser_asks_before(shared, http):
    answer = ask(http, "PUT", headers="X-Amz-Date, x-amz-acl")

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "http://a.example.test"
    assert answer.headers["access-control-allow-headers"] == "x-amz-date, x-amz-acl"
    assert answer.headers["access-control-max-age"] == "60"
    for refusal in (
        ask(http, "DELETE"), ask(http, "PUT", origin="http://else.test"),
        ask(http, "PUT", headers="x-other"),
    ):  # fmt: skip
        assert (refusal.status_code, code(refusal)) == (403, "AccessDenied")
    assert ask(http, "GET", origin="http://else.test").headers["access-control-allow-origin"] == "*"


def test_the_answer_says_so_too(shared, http):
    shared.put_object(Bucket="books", Key="o", Body=b"x", ACL="public-read")

    answer = http.get(f"{URL}/books/o", headers={"Origin": "http://a.example.test"})

    assert answer.headers["access-control-allow-origin"] == "http://a.example.test"
    assert answer.headers["access-control-expose-headers"] == "ETag"
    assert "access-control-allow-origin" not in http.get(f"{URL}/books/o").headers


def test_what_is_no_rule_is_refused(s3, bucket):
    wrong = [{"AllowedOrigins": ["*"], "AllowedMethods": ["BREW"]}]
    code = refused(s3.put_bucket_cors, Bucket=bucket, CORSConfiguration={"CORSRules": wrong})
    assert code == "InvalidRequest"
