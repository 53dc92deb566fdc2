"""A worker logs in through the Identity API, and keeps its token."""

import contextlib
import dataclasses
import http.server
import json
import ssl
import threading
from collections.abc import Iterator

import pytest

from appliance import clock, config, credentials, errors, keystone
from tests import certificates


class _Identity(http.server.BaseHTTPRequestHandler):
    """Gives whoever knows the password a token that ends in `ttl_s`."""

    ttl_s = 3600.0
    status = 201
    bodies: list[object]
    endpoints: list[dict[str, str]]

    def do_POST(self) -> None:
        self.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        token = {
            "expires_at": clock.stamp(clock.now() + self.ttl_s),
            "catalog": [{"type": "object-store", "endpoints": self.endpoints}],
        }
        body = json.dumps({"token": token}).encode()
        self.send_response(self.status)
        self.send_header("X-Subject-Token", f"token-{len(self.bodies)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the test's output quiet."""


@pytest.fixture
def identity() -> Iterator[tuple[type[_Identity], int]]:
    endpoints = [{"interface": "public", "url": "http://store/v1/AUTH_p"}]
    with _serving(endpoints) as served:
        yield served


@contextlib.contextmanager
def _serving(
    endpoints: list[dict[str, str]], *, tls: ssl.SSLContext | None = None
) -> Iterator[tuple[type[_Identity], int]]:
    kind = type("Identity", (_Identity,), {"bodies": [], "endpoints": endpoints})
    server = http.server.HTTPServer(("127.0.0.1", 0), kind)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield kind, server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def _session(settings: config.Settings, port: int) -> keystone.Session:
    credentials.ensure(settings, {"glance": "service"})
    api = dataclasses.replace(settings.api, port=port)
    return keystone.Session(dataclasses.replace(settings, api=api), "glance")


def test_the_url_is_the_catalogs_and_the_token_is_kept(settings, identity):
    kind, port = identity
    session = _session(settings, port)

    assert session.token().url("object-store") == "http://store/v1/AUTH_p"
    assert [session.token().id, session.token().id] == ["token-1", "token-1"]
    (body,) = kind.bodies
    assert body["auth"]["identity"]["password"]["user"]["name"] == "glance"
    assert body["auth"]["scope"]["project"]["name"] == "service"


def test_a_token_is_got_anew_before_it_ends(settings, identity):
    kind, port = identity
    kind.ttl_s = 30.0
    session = _session(settings, port)

    assert [session.token().id, session.token().id] == ["token-1", "token-2"]


def test_a_refused_token_is_got_anew_once_whoever_says_so(settings, identity):
    _, port = identity
    session = _session(settings, port)
    refused = session.token()
    for _ in range(2):
        session.invalidate(refused)

        assert session.token().id == "token-2"


def test_a_service_that_the_catalog_lacks_is_unavailable(settings, identity):
    with pytest.raises(errors.Unavailable, match="the catalog has no volume"):
        _session(settings, identity[1]).token().url("volume")


def test_of_several_regions_one_is_meant(identity):
    kind, port = identity
    kind.endpoints = [
        {"interface": "public", "region": name, "url": f"http://{name}/v1"} for name in ("a", "b")
    ]
    login = credentials.Login(user="u", password="p", project="q")

    for region, url in (("a", "http://a/v1"), ("b", "http://b/v1")):
        tokens = keystone.Tokens(
            f"http://127.0.0.1:{port}/identity/v3", lambda: login, region=region
        )  # fmt: skip
        assert tokens.token().url("object-store") == url
    with pytest.raises(errors.Unavailable, match="the catalog has no object-store"):
        keystone.Tokens(f"http://127.0.0.1:{port}/v3", lambda: login, region="c").token().url(
            "object-store"
        )


def test_an_identity_over_tls_proves_who_it_is(tmp_path, monkeypatch):
    certificate = certificates.of_localhost(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    endpoints = [{"interface": "public", "url": "http://store/v1/AUTH_p"}]
    login = credentials.Login(user="u", password="p", project="q")
    with _serving(endpoints, tls=context) as (_, port):
        tokens = keystone.Tokens(f"https://localhost:{port}/v3", lambda: login)

        with pytest.raises(errors.Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
            tokens.token()
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))  # as if the system trusted it
        assert tokens.token().url("object-store") == "http://store/v1/AUTH_p"


def test_what_is_no_identity_is_said(identity):
    kind, port = identity
    kind.endpoints = [{"nothing": "known"}]
    login = credentials.Login(user="u", password="p", project="q")

    with pytest.raises(errors.Unavailable, match="/v3/auth/tokens is no Identity v3 API"):
        keystone.Tokens(f"http://127.0.0.1:{port}/v3", lambda: login).token()


def test_an_identity_that_refuses_or_is_away_is_unavailable(settings, identity):
    kind, port = identity
    kind.status = 401
    with pytest.raises(errors.Unavailable, match="gives glance no token"):
        _session(settings, port).token()
    with pytest.raises(errors.Unavailable, match="refused"):
        _session(settings, 1).token()
