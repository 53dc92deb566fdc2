"""An answer that follows from the database is given again until something is written."""

import threading
import time

import pytest
from starlette.testclient import TestClient

from appliance import context, errors
from services.http import app, endpoint, faults, shortcut
from services.http.endpoint import Reply, Request, path
from services.http.wire import connection
from tests import asgi
from tests.services.http.wire.serving import Client, serving


class Counting:
    """A face whose handlers count how often they run."""

    def __init__(self) -> None:
        self.version = 1
        self.runs = 0
        self.revoked = set[str]()

    def login(self, token: str) -> context.RequestContext:
        if token in self.revoked:
            raise errors.Unauthorized("The token was revoked.")
        return context.RequestContext(user_name=token)

    def thing(self, request: Request) -> Reply:
        self.runs += 1
        if request.path["name"] == "missing":
            raise errors.NotFound("thing", "missing")
        size = int(request.query.get("size", "1"))
        return Reply(body=b"x" * size, headers={"X-Run": str(self.runs)})


@pytest.fixture
def counting() -> Counting:
    return Counting()


@pytest.fixture
def client(counting: Counting) -> TestClient:
    thing = endpoint.endpoint(counting.thing, is_repeatable=True)
    face = endpoint.Face(prefix="", fault=faults.novabox, paths=(path("/{name}", GET=thing),))
    application = app.Application(
        [face], login=counting.login, target="api", version=lambda: counting.version
    )
    return asgi.client(application)


def _run(client: TestClient, url: str, token: str = "ann") -> str:
    answer = client.get(url, headers={"X-Auth-Token": token})
    return answer.headers.get("X-Run", str(answer.status_code))


def test_the_same_request_is_answered_without_the_handler(client):
    assert [_run(client, "/a?size=3") for _ in range(3)] == ["1", "1", "1"]


def test_each_answer_has_a_request_id_of_its_own(client):
    first, second = (client.get("/a", headers={"X-Auth-Token": "ann"}) for _ in range(2))

    names = ("X-Openstack-Request-Id", "X-Run")
    assert [first.headers[name] == second.headers[name] for name in names] == [False, True]


def test_another_path_query_or_token_is_another_request(client):
    runs = [_run(client, "/a"), _run(client, "/b"), _run(client, "/a?size=1")]

    assert [*runs, _run(client, "/a", token="bob")] == ["1", "2", "3", "4"]


def test_what_is_written_ends_it(client, counting):
    first = _run(client, "/a")
    counting.version += 1

    assert (first, _run(client, "/a")) == ("1", "2")


def test_who_may_not_ask_any_more_is_refused(client, counting):
    _run(client, "/a")
    counting.revoked.add("ann")

    assert _run(client, "/a") == "401"


def test_a_large_answer_and_a_refusal_are_not_kept(client):
    assert [_run(client, "/a?size=100000") for _ in range(2)] == ["1", "2"]
    assert [_run(client, "/missing") for _ in range(2)] == ["404", "404"]
    assert _run(client, "/a") == "5"


def test_what_is_brief_and_alone_needs_no_thread(monkeypatch: pytest.MonkeyPatch):
    """It keeps nobody waiting; unless it takes long, which the next ones then do not risk."""

    def who(request: Request) -> Reply:
        time.sleep(float(request.query.get("for", "0")))
        return Reply(body=threading.current_thread().name.encode())

    def ask(client: Client, url: str = "/") -> bool:
        return b"handler" not in client.ask("PUT", url, body=b"some").answer()[2]

    brief = endpoint.endpoint(who, is_public=True, streams=True, is_brief=lambda *_: True)
    other = endpoint.endpoint(who, is_public=True, streams=True)
    face = endpoint.Face(
        prefix="",
        fault=faults.novabox,
        paths=(path("/", PUT=brief), path("/other", PUT=other, GET=other)),
    )
    application = app.Application([face], login=context.RequestContext, target="api")
    with serving(application) as server:
        first, second = server.connect(), server.connect()
        in_a_row = connection.ALONE_REQUESTS
        assert [ask(first) for _ in range(in_a_row + 2)] == [False] * in_a_row + [True] * 2
        assert not ask(first, "/other")
        assert b"handler" in first.ask("GET", "/other").answer()[2]  # no body: nothing to wait for
        assert not ask(second)
        assert [ask(first) for _ in range(in_a_row + 1)] == [False] * in_a_row + [True]
        assert ask(first, f"/?for={2 * shortcut.SLOW_S}")
        assert not ask(first)
