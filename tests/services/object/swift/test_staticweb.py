"""A container as a web site."""

import pytest
from starlette.testclient import TestClient

from tests.services.object.conftest import NOBODY

A, C = "/v1/AUTH_p", "/v1/AUTH_p/c"
FILES = {
    "index.html": b"home", "404error.html": b"not here", "401error.html": b"not yours",
    "sub/index.html": b"below", "docs/a&b<c>.txt": b"x", "docs/more/d": b"y",
}  # fmt: skip


@pytest.fixture
def site(swifty: TestClient) -> TestClient:
    """A visitor without a token; the site has an index and error pages, and no listings."""
    for name, data in FILES.items():
        swifty.put(f"{C}/{name}", content=data)
    told(swifty, Index="index.html", Error="error.html")
    swifty.post(C, headers={"X-Container-Read": ".r:*,.rlistings"})
    swifty.headers["X-Auth-Token"] = ""
    return swifty


def told(client: TestClient, **meta: str) -> None:
    headers = {
        f"X-Container-Meta-Web-{name.replace('_', '-')}": value for name, value in meta.items()
    }
    assert client.post(C, headers={**headers, "X-Auth-Token": "member"}).status_code == 204


def test_a_site_begins_with_its_index(site: TestClient):
    got = site.get(f"{C}/")

    assert (got.status_code, got.content) == (200, b"home")
    assert got.headers["content-type"] == "text/html"
    assert site.get(f"{C}/index.html").content == b"home"
    assert site.get(f"{C}/sub/").content == b"below"
    assert site.head(f"{C}/").headers["content-length"] == "4"


@pytest.mark.parametrize(("path", "to"), [(C, f"{C}/"), (f"{C}/sub", f"{C}/sub/")])
def test_a_directory_ends_with_a_slash(site: TestClient, path: str, to: str):
    answer = site.get(path, follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (301, to)


def test_what_is_missing_has_the_sites_own_page(site: TestClient):
    for path in (f"{C}/none", f"{C}/none/", f"{C}/docs/"):
        got = site.get(path)
        assert (got.status_code, got.content) == (404, b"not here"), path
    assert site.get(f"{C}/none", headers={"If-None-Match": "*", "Range": "bytes=0-1"}).content == (
        b"not here"
    )
    told(site, Error="")
    assert "could not be found" in site.get(f"{C}/none").text


def test_a_listing_has_links(site: TestClient):
    told(site, Listings="true", Index="")

    top, docs = site.get(f"{C}/").text, site.get(f"{C}/docs/").text

    assert '<a href="./docs/">docs/</a>' in top
    assert '<a href="./index.html">index.html</a>' in top
    assert '<a href="./a%26b%3Cc%3E.txt">a&amp;b&lt;c&gt;.txt</a>' in docs
    assert "<c>" not in docs
    assert '<a href="../">' in docs
    assert site.get(f"{C}/nothing/").status_code == 404


def test_a_listing_has_its_own_style_and_label(site: TestClient):
    told(site, Listings="true", Index="", Listings_CSS='my "style".css', Listings_Label="<Mine>")

    assert 'href="my%20%22style%22.css"' in site.get(f"{C}/").text
    assert 'href="../my%20%22style%22.css"' in site.get(f"{C}/docs/").text
    assert "Listing of &lt;Mine&gt;/docs/" in site.get(f"{C}/docs/").text


def test_a_marker_of_a_directory_is_one(site: TestClient):
    told(site, Listings="true", Directory_Type="text/directory")
    marker = {"Content-Type": "text/directory", "X-Auth-Token": "member"}
    site.put(f"{C}/docs", content=b"", headers=marker)

    assert site.get(f"{C}/docs", follow_redirects=False).status_code == 301


def test_a_site_shows_nothing_that_is_closed(site: TestClient):
    told(site, Listings="true", Index="")
    owner = {"X-Auth-Token": "member"}

    site.post(C, headers={"X-Container-Read": ".r:*", **owner})
    assert (site.get(f"{C}/").status_code, site.get(f"{C}/").content) == (401, b"not yours")
    assert site.get(f"{C}/docs/").status_code == 401
    site.post(C, headers={"X-Container-Read": "", **owner})
    for path in (f"{C}/", f"{C}/index.html", f"{C}/none", f"{C}/docs", f"{C}/docs/"):
        answer = site.get(path, follow_redirects=False)
        assert answer.status_code == 401, path
        assert b"not yours" not in answer.content
    assert site.get(f"{A}/none/", headers=NOBODY).status_code == 401


def test_the_api_stays_as_it_is_for_who_has_a_token(site: TestClient):
    owner = {"X-Auth-Token": "member"}

    assert site.get(C, headers=owner).text.splitlines()[0] == "401error.html"
    assert site.get(f"{C}/none", headers=owner).content != b"not here"
    assert site.get(f"{C}/", headers={"X-Web-Mode": "true", **owner}).content == b"home"
