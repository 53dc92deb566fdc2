"""A browser's form uploads a file, as far as its policy goes."""

import pytest

from tests.services.object.s3.clients import URL, refused
from tests.services.object.s3.test_signatures import code


@pytest.fixture
def form(s3, bucket):
    """Fields of a form, signed by boto3."""

    def made(key="up/${filename}", conditions=(), **fields):
        post = s3.generate_presigned_post(
            bucket,
            key,
            Fields=fields,
            Conditions=[*conditions, *({k: v} for k, v in fields.items())],
        )
        return post["fields"]

    return made


def send(http, fields, data=b"hello", filename="note.txt"):
    return http.post(
        f"{URL}/books", data=fields, files={"file": (filename, data, "text/plain")},
        follow_redirects=False,
    )  # fmt: skip


def test_a_form_uploads_its_file(s3, http, form):
    data = b"x\r\n--" * 500_000

    answer = send(http, form(**{"x-amz-meta-color": "blue", "Content-Type": "text/x"}), data)

    assert answer.status_code == 204, answer.text
    got = s3.get_object(Bucket="books", Key="up/note.txt")
    assert got["Body"].read() == data
    assert (got["Metadata"], got["ContentType"]) == ({"color": "blue"}, "text/x")


def test_what_a_form_is_answered(http, form):
    answer = send(http, form(success_action_status="201"))
    assert answer.status_code == 201
    assert "<Key>up/note.txt</Key>" in answer.text
    answer = send(http, form(success_action_redirect="http://example.test/done?a=1"))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("http://example.test/done?a=1&bucket=books&key=up")


def test_a_policy_is_kept_to(s3, http, form):
    cases = [
        (send(http, {**form(), "key": "elsewhere"}), "AccessDenied"),
        (send(http, {**form(), "x-amz-meta-more": "1"}), "AccessDenied"),
        (send(http, form(conditions=[["content-length-range", 1, 4]])), "EntityTooLarge"),
        (send(http, form(conditions=[["content-length-range", 9, 20]])), "EntityTooSmall"),
        (send(http, {**form(), "policy": "e30="}), "SignatureDoesNotMatch"),
        (send(http, {"key": "o"}), "AccessDenied"),
        (send(http, {"key": "o", "policy": "e30="}), "InvalidArgument"),
        (send(http, {}), "InvalidArgument"),
        (http.post(f"{URL}/books", content=b"x"), "MalformedPOSTRequest"),
        (http.post(f"{URL}/books", content=b"x", headers={
            "Content-Type": "multipart/form-data; boundary=b"}), "MalformedPOSTRequest"),
    ]  # fmt: skip

    assert [code(answer) for answer, _ in cases] == [wanted for _, wanted in cases]
    assert s3.list_objects_v2(Bucket="books")["KeyCount"] == 0


def test_no_field_smuggles_a_header(s3, http, form):
    meta = {"x-amz-meta-a": "1\r\nSet-Cookie: x=y"}
    assert code(send(http, form(**meta))) == "InvalidArgument"
    answer = send(http, form(success_action_redirect="http://example.test/ü\r\nX-A: b"))
    assert answer.status_code == 303
    assert "x-a" not in answer.headers
    assert s3.list_objects_v2(Bucket="books")["KeyCount"] == 1


def test_a_policy_ends(s3, http, form, monkeypatch):
    from appliance import clock

    fields, now = form(), clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + 3700)

    assert code(send(http, fields)) == "AccessDenied"


def test_an_open_bucket_takes_forms_from_anybody(s3, bucket, http):
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read-write")

    assert send(http, {"key": "o", "acl": "public-read"}).status_code == 204
    assert http.get(f"{URL}/books/o").content == b"hello"
    assert refused(s3.head_object, Bucket=bucket, Key="missing") == "404"
