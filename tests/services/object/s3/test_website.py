"""A bucket as a website."""

import pytest

from tests.services.object.s3.clients import refused

SITE = "http://books.web.test"


@pytest.fixture
def site(s3, bucket):
    configuration = {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "no.html"}}
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=configuration)
    for key in ("index.html", "sub/index.html", "no.html", "page"):
        s3.put_object(
            Bucket=bucket, Key=key, Body=key.encode(), ACL="public-read", ContentType="text/html"
        )
    s3.put_object(Bucket=bucket, Key="secret", Body=b"")
    assert s3.get_bucket_website(Bucket=bucket)["IndexDocument"] == configuration["IndexDocument"]
    return s3


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [("/", 200, "index.html"), ("/sub/", 200, "sub/index.html"), ("/page", 200, "page"),
     ("/missing", 403, "no.html"), ("/secret", 403, "no.html")],
)  # fmt: skip
def test_pages(site, http, path, status, text):
    answer = http.get(SITE + path)

    assert (answer.status_code, answer.text) == (status, text)


def test_a_folder_without_its_slash(site, http):
    answer = http.get(f"{SITE}/sub", follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (302, "/sub/")


def test_who_may_list_is_told_what_is_not_there(site, http):
    site.put_bucket_acl(Bucket="books", ACL="public-read")

    assert http.get(f"{SITE}/missing").status_code == 404


def test_redirects(site, http):
    site.put_object(Bucket="books", Key="old", WebsiteRedirectLocation="/page", ACL="public-read")
    answer = http.get(f"{SITE}/old", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (301, "/page")
    site.put_bucket_website(
        Bucket="books",
        WebsiteConfiguration={"RedirectAllRequestsTo": {"HostName": "other.test"}},
    )
    answer = http.get(f"{SITE}/a/b", follow_redirects=False)
    assert answer.headers["location"] == "http://other.test/a/b"


def test_no_website(s3, bucket, http):
    assert refused(s3.get_bucket_website, Bucket=bucket) == "NoSuchWebsiteConfiguration"
    answer = http.get(f"{SITE}/")
    assert (answer.status_code, "NoSuchWebsiteConfiguration" in answer.text) == (404, True)
    assert http.get("http://nothing.web.test/").status_code == 404
    assert http.put(f"{SITE}/x", content=b"").status_code == 405
