"""Every answer has a request id and its API's form; what a face declares holds before a handler."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Iterator, Mapping
from pathlib import Path

import msgspec
import pytest
from starlette.testclient import TestClient

from appliance import context, errors, trace
from services.http import answer, app, endpoint, faults
from services.http.endpoint import Reply, Request, decoding, path
from services.http.headers import Headers
from tests import asgi

TOKEN = {"X-Auth-Token": "member"}


class Thing(msgspec.Struct, forbid_unknown_fields=True):
    name: str


def _login(token: str) -> context.RequestContext:
    if token == "bad":
        raise errors.Unauthorized("The token is expired.")
    return context.RequestContext(user_name=token, roles=frozenset({token}))


def _fail(request: Request) -> object:
    if request.path["how"] == "known":
        raise errors.Conflict("instance x is in state active")
    raise ZeroDivisionError


def _many(request: Request) -> Reply:
    def parts() -> Iterator[bytes]:
        with trace.hop("stream", "GET image", target="object"):
            yield b"one,"
            yield b"two"

    return Reply(body=parts(), headers={"Content-Length": "7"})


def _events(request: Request) -> Reply:
    async def parts() -> AsyncGenerator[bytes, None]:
        yield b"data: 1\n\n"

    return Reply(body=parts(), content_type="text/event-stream")


def _upload(request: Request) -> object:
    assert request.content is not None
    return {"size": len(request.content.read()), "said": request.content.length_bytes}


def _where(_: Request) -> str:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return "thread"
    return "loop"


def _is_near(path: Mapping[str, str], query: bytes, headers: Headers) -> bool:
    return path["name"] == "near" and not query and "range" not in headers


_FACE = endpoint.Face(
    prefix="/compute",
    fault=faults.nova,
    paths=(
        path(
            "/things/{name}",
            GET=endpoint.endpoint(lambda r: {"name": r.path["name"], "q": r.pairs, "at": r.origin}),
            DELETE=endpoint.endpoint(lambda _: None, status=204),
        ),
        path("/things", POST=decoding(Thing, lambda _, thing: {"name": thing.name}, status=202)),
        path("/fail/{how}", GET=endpoint.endpoint(_fail)),
        path("/many", GET=endpoint.endpoint(_many)),
        path("/events", GET=endpoint.endpoint(_events)),
        path("/upload", PUT=endpoint.endpoint(_upload, streams=True)),
        path("/who", GET=endpoint.endpoint(lambda r: r.ctx.user_name)),
        path("/where/{name}", GET=endpoint.endpoint(_where, is_quick=_is_near)),
        path("/open", POST=endpoint.endpoint(lambda _: "open", is_public=True)),
    ),
)


def _client(**options: object) -> TestClient:
    limits = answer.Limits(body_bytes_max=1000)
    application = app.Application([_FACE], login=_login, target="api", limits=limits, **options)
    return asgi.client(application, raise_server_exceptions=False)


def test_a_handlers_value_becomes_json_with_a_request_id():
    answered = _client().get("/compute/things/a?x=1&x=2", headers=TOKEN)

    assert answered.status_code == 200
    expected = {"name": "a", "q": [["x", "1"], ["x", "2"]], "at": "http://testserver"}
    assert expected == answered.json()
    assert answered.headers["X-Openstack-Request-Id"].startswith("req-")


def test_a_trailing_slash_is_the_same_path():
    assert _client().get("/compute/things/a/", headers=TOKEN).status_code == 200


def test_an_answer_without_content_has_no_body():
    answered = _client().delete("/compute/things/a", headers=TOKEN)

    assert (answered.status_code, answered.content) == (204, b"")


def test_head_is_get_without_its_body():
    answered = _client().head("/compute/things/a", headers=TOKEN)

    assert (answered.status_code, answered.content) == (200, b"")
    assert int(answered.headers["Content-Length"]) > 0


@pytest.mark.parametrize(
    ("asked", "headers", "where"),
    [
        ("near", {}, "loop"), ("far", {}, "thread"), ("near?x", {}, "thread"),
        ("near", {"Range": "bytes=0-1"}, "thread"),
    ],
)  # fmt: skip
def test_what_is_quick_is_answered_on_the_loop(asked: str, headers: dict[str, str], where: str):
    answered = _client().get(f"/compute/where/{asked}", headers=TOKEN | headers)

    assert answered.json() == where


def test_an_unknown_path_is_404_in_the_apis_own_form():
    answered = _client().get("/compute/nothing", headers=TOKEN)

    expected = {"itemNotFound": {"code": 404, "message": "The resource could not be found."}}
    assert (404, expected) == (answered.status_code, answered.json())


def test_a_path_of_no_api_is_404_too():
    answered = _client().get("/computer", headers=TOKEN)

    assert (answered.status_code, answered.json()["error"]["type"]) == (404, "PathNotFound")


def test_a_wrong_method_is_405_and_names_the_right_ones():
    answered = _client().put("/compute/things/a", headers=TOKEN)

    assert (answered.status_code, answered.headers["Allow"]) == (405, "DELETE, GET")
    assert "badMethod" in answered.json()


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"name": "a"}', "application/json; charset=utf-8", 202),
        (b'{"name": ', "application/json", 400),
        (b'{"name": "\xff"}', "application/json", 400),
        (b"[" * 900, "application/json", 400),
        (b"", "application/json", 400),
        (b'{"name": 1}', "application/json", 400),
        (b'{"name": "a", "more": 1}', "application/json", 400),
        (b"name=a", "application/x-www-form-urlencoded", 415),
        (json.dumps({"name": "a" * 1000}).encode(), "application/json", 413),
    ],
)
def test_a_body_that_is_not_what_was_asked_for_is_refused(body, kind, status):
    headers = TOKEN | {"Content-Type": kind}

    answered = _client().post("/compute/things", content=body, headers=headers)

    assert status == answered.status_code


def test_a_chunked_body_over_the_limit_is_413():
    headers = TOKEN | {"Content-Type": "application/json"}

    answered = _client().post("/compute/things", content=iter([b" " * 600] * 2), headers=headers)

    assert (answered.status_code, "overLimit" in answered.json()) == (413, True)


@pytest.mark.parametrize("headers", [{}, {"X-Auth-Token": "bad"}])
def test_nobody_we_know_is_401(headers):
    answered = _client().get("/compute/things/a", headers=headers)

    assert answered.status_code == 401
    assert answered.headers["WWW-Authenticate"] == 'Keystone uri="http://testserver/identity"'


def test_a_public_endpoint_asks_for_no_token():
    assert _client().post("/compute/open").json() == "open"


def test_our_errors_answer_with_their_status_and_others_with_500():
    known = _client().get("/compute/fail/known", headers=TOKEN)
    unknown = _client().get("/compute/fail/unknown", headers=TOKEN)

    assert (known.status_code, next(iter(known.json()))) == (409, "conflictingRequest")
    assert (unknown.status_code, next(iter(unknown.json()))) == (500, "computeFault")
    assert "ZeroDivisionError" in unknown.json()["computeFault"]["message"]


def test_an_iterator_is_streamed_and_so_are_events():
    assert _client().get("/compute/many", headers=TOKEN).content == b"one,two"
    events = _client().get("/compute/events", headers=TOKEN)
    assert (events.content, events.headers["Content-Type"]) == (b"data: 1\n\n", "text/event-stream")


def test_a_streamed_body_is_read_in_the_handler():
    answered = _client().put("/compute/upload", content=b"x" * 3_000_000, headers=TOKEN)

    assert answered.json() == {"size": 3_000_000, "said": 3_000_000}


@contextlib.contextmanager
def _recording(home: Path) -> Iterator[trace.Log]:
    (home / "run").mkdir(parents=True)
    trace.start(home, "api", hops_max=1000)
    yield trace.Log(home)


def test_a_request_is_one_hop_with_what_it_caused_below(tmp_path):
    with _recording(tmp_path / "home") as log:
        answered = _client().get("/compute/many", headers=TOKEN)
        trace.flush()
        root, inner = log.request(answered.headers["X-Openstack-Request-Id"])

    found = (root.kind, root.source, root.target, root.name, root.status, root.bytes)
    assert found == ("http", "client", "api", "GET /compute/many", "ok", 7)
    assert root.detail == {"status": 200}
    assert (root.id, "GET image", "ok") == (inner.parent_id, inner.name, inner.status)


def test_a_refusal_says_on_its_hop_why(tmp_path):
    with _recording(tmp_path / "home") as log:
        answered = _client().get("/compute/fail/known", headers=TOKEN)
        trace.flush()
        (root,) = log.request(answered.headers["X-Openstack-Request-Id"])

    assert (root.status, root.detail["status"]) == ("error", 409)
    assert root.detail["error"] == "instance x is in state active"


@pytest.mark.parametrize(("role", "joins"), [("service", True), ("admin", False), ("bad", False)])
def test_only_our_own_workers_join_a_trace(role, joins):
    request_id = "req-00000000-0000-4000-8000-000000000000"
    headers = {"X-Auth-Token": role, "X-Novabox-Trace": f"{request_id}/0123456789abcdef"}

    answered = _client().get("/compute/who", headers=headers)

    assert joins == (answered.headers["X-Openstack-Request-Id"] == request_id)


def test_an_untraced_request_leaves_no_hop(tmp_path):
    with _recording(tmp_path / "home") as log:
        _client(untraced=("GET /compute/who",)).get("/compute/who", headers=TOKEN)
        trace.flush()

    assert log.requests(limit=10) == []
