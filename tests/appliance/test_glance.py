"""Against a small Image API over real HTTP: what it answers wrongly is the point."""

import hashlib
import http.server
import json
import threading
from collections.abc import Iterator

import pytest

from appliance import clock, config, context, credentials, errors, ids
from appliance.glance import Glance

IMAGE = ids.ImageId("11111111-2222-4333-8444-555555555555")
BYTES = b"0123456789" * 1000


class ImageApi(http.server.ThreadingHTTPServer):
    """Knows one image and one token; `fails` maps a path to the status it answers with."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.token = "t1"
        self.logins = 0
        self.fails: dict[str, int] = {}
        self.cut_at = len(BYTES)
        self.traces: list[str] = []
        self.image = {
            "id": IMAGE, "status": "active", "disk_format": "qcow2", "os_hash_algo": "sha512",
            "os_hash_value": hashlib.sha512(BYTES).hexdigest(), "os_command_line": "quiet",
        }  # fmt: skip


class _Handler(http.server.BaseHTTPRequestHandler):
    server: ImageApi

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        password = asked["auth"]["identity"]["password"]["user"]["password"]
        self.server.logins += 1
        said = {"token": {"expires_at": clock.stamp(clock.now() + 3600), "catalog": []}}
        self._answer(201, json.dumps(said).encode(), token=self.server.token if password else "")

    def do_GET(self) -> None:
        self.server.traces.append(self.headers.get("X-Novabox-Trace", ""))
        if self.headers["X-Auth-Token"] != self.server.token:
            self._answer(401, b"{}")
        elif self.path in self.server.fails:
            self._answer(self.server.fails[self.path], b"no")
        elif self.path.endswith("/file"):
            self._answer(200, BYTES)
        else:
            self._answer(200, json.dumps(self.server.image).encode())

    def _answer(self, status: int, body: bytes, *, token: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Subject-Token", token)
        self.end_headers()
        self.wfile.write(body[: self.server.cut_at])

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def api() -> Iterator[ImageApi]:
    server = ImageApi()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def glance(api: ImageApi, settings: config.Settings) -> Glance:
    credentials.ensure(settings, {"nova": "service"})
    document = {"api": {"port": api.server_address[1]}}
    return Glance(config.parse(document, home=settings.home))


def fetch(glance: Glance) -> bytes:
    with glance.fetch(IMAGE) as (_, chunks):
        return b"".join(chunks)


def test_an_image_comes_with_its_facts_in_the_requests_trace(glance: Glance, api: ImageApi) -> None:
    request = context.RequestContext(hop_id=ids.HopId("0123456789abcdef"))
    token = context.current.set(request)
    with glance.fetch(IMAGE) as (facts, chunks):
        content = b"".join(chunks)
    context.current.reset(token)

    (header,) = set(api.traces)  # of the hop of the fetch, where this process records any
    assert header.startswith(f"{request.request_id}/")
    assert content == BYTES
    assert (facts.disk_format, facts.command_line) == ("qcow2", "quiet")
    assert facts.hash_value == hashlib.sha512(BYTES).hexdigest()


def test_a_token_that_ran_out_is_replaced(glance: Glance, api: ImageApi) -> None:
    fetch(glance)
    api.token = "t2"

    assert fetch(glance) == BYTES
    assert api.logins == 2


def test_a_stream_that_breaks_off_is_worth_another_try(glance: Glance, api: ImageApi) -> None:
    api.cut_at = 5000
    with pytest.raises(errors.Unavailable, match="broke off"):
        fetch(glance)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, errors.NotFound), (503, errors.Unavailable), (410, errors.StoreError)],
)
def test_a_refusal_is_the_right_error(
    glance: Glance, api: ImageApi, status: int, kind: type[Exception]
) -> None:
    api.fails[f"/image/v2/images/{IMAGE}/file"] = status
    with pytest.raises(kind, match=IMAGE):
        fetch(glance)


def test_an_image_without_data_is_refused(glance: Glance, api: ImageApi) -> None:
    api.image["status"] = "queued"
    with pytest.raises(errors.StoreError, match=f"image {IMAGE} is queued"):
        fetch(glance)


def test_an_old_image_is_checked_by_its_md5(glance: Glance, api: ImageApi) -> None:
    api.image |= {"os_hash_value": "", "checksum": "abc"}
    with glance.fetch(IMAGE) as (facts, _):
        assert (facts.hash_algorithm, facts.hash_value) == ("md5", "abc")


def test_a_silent_api_is_worth_another_try(settings: config.Settings) -> None:
    credentials.ensure(settings, {"nova": "service"})
    nowhere = Glance(config.parse({"api": {"port": 1}}, home=settings.home))
    with pytest.raises(errors.Unavailable, match=r"http://127\.0\.0\.1:1/identity/v3/auth/tokens"):
        fetch(nowhere)
