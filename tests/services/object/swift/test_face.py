"""Who may do what, and what every answer has."""

import re

import anyio
import pytest
from starlette.testclient import TestClient
from starlette.types import Message, Scope

from services.http import app
from services.http.answer import Limits
from services.object import swift
from storage.objects.store import ObjectStore
from tests.services.object.conftest import login

ACCOUNT, OBJECT = "/v1/AUTH_p", "/v1/AUTH_p/c/o"


def test_without_a_token_nothing_is_told(client: TestClient):
    answer = client.get(ACCOUNT, headers={"X-Auth-Token": ""})

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "text/html; charset=UTF-8"
    assert answer.text == (
        "<html><h1>Unauthorized</h1><p>This server could not verify that you are authorized to "
        "access the document you requested.</p></html>"
    )


@pytest.mark.parametrize(
    ("token", "method", "path", "status"),
    [
        ("reader", "GET", ACCOUNT, 200),
        ("reader", "GET", "/v1/AUTH_p/c", 204),
        ("reader", "PUT", OBJECT, 403),
        ("reader", "DELETE", "/v1/AUTH_p/c", 403),
        ("member", "PUT", OBJECT, 201),
        ("member", "DELETE", ACCOUNT, 403),
        ("stranger", "GET", ACCOUNT, 403),
        ("stranger", "PUT", OBJECT, 403),
        ("stranger", "GET", "/v1/AUTH_nobody", 403),
        ("admin", "GET", ACCOUNT, 200),
        ("admin", "PUT", OBJECT, 201),
        ("service", "PUT", OBJECT, 201),
        ("unknown", "GET", ACCOUNT, 401),
    ],
)
def test_an_account_is_its_projects(
    swifty: TestClient, token: str, method: str, path: str, status: int
):
    answer = swifty.request(method, path, headers={"X-Auth-Token": token}, content=b"")

    assert answer.status_code == status


def test_a_foreign_account_is_not_copied_from_or_to(swifty: TestClient):
    swifty.put(OBJECT, content=b"secret")
    stranger = {"X-Auth-Token": "stranger"}
    swifty.put("/v1/AUTH_q/c", headers=stranger)

    stolen = swifty.put(
        "/v1/AUTH_q/c/o",
        headers={"X-Copy-From": "/c/o", "X-Copy-From-Account": "AUTH_p", **stranger},
    )
    planted = swifty.request(
        "COPY", OBJECT, headers={"Destination": "c/x", "Destination-Account": "AUTH_q"}
    )

    assert (stolen.status_code, planted.status_code) == (403, 403)


def test_every_answer_names_its_transaction(swifty: TestClient):
    answers = [swifty.get(ACCOUNT), swifty.get("/v1/AUTH_p/none"), swifty.get("/info")]

    for answer in answers:
        digits = answer.headers["x-openstack-request-id"].removeprefix("req-").replace("-", "")
        assert re.fullmatch(r"tx[0-9a-f]{21}-[0-9a-f]{10}", answer.headers["x-trans-id"])
        assert answer.headers["x-trans-id"][2:23] == digits[:21]


def test_health_and_capabilities_need_no_token(client: TestClient):
    client.headers.pop("X-Auth-Token")

    assert client.get("/healthcheck").text == "OK"
    info = client.get("/info").json()
    assert info["swift"]["max_file_size"] == 5368709122
    assert "slo" in info


def test_options_tell_the_verbs(client: TestClient):
    answer = client.options(OBJECT, headers={"X-Auth-Token": ""})

    assert (answer.status_code, "COPY" in answer.headers["allow"]) == (200, True)


@pytest.mark.parametrize("path", [ACCOUNT, "/v1/AUTH_p/c", OBJECT])
def test_an_unknown_verb_is_refused(swifty: TestClient, path: str):
    answer = swifty.request("PATCH", path)

    assert answer.status_code == 405
    assert answer.text.startswith("<html><h1>Method Not Allowed</h1>")


def test_a_path_that_is_no_account_is_not_found(client: TestClient):
    assert client.get("/v2/AUTH_p").status_code == 404


def test_a_name_with_a_nul_is_refused(swifty: TestClient):
    answer = swifty.put("/v1/AUTH_p/c/a%00b", content=b"")

    assert (answer.status_code, answer.text) == (412, "Invalid UTF8 or contains NULL")


def test_an_upload_that_falls_silent_is_refused_in_form(store: ObjectStore, swifty: TestClient):
    application = app.Application(
        [swift.face(store)], login=login, target="object", limits=Limits(idle_s=0.05)
    )
    sent: list[Message] = []
    coming = [{"type": "http.request", "body": b"some", "more_body": True}]
    scope: Scope = {
        "type": "http", "method": "PUT", "path": OBJECT, "query_string": b"", "scheme": "http",
        "headers": [(b"x-auth-token", b"member"), (b"content-length", b"100")],
    }  # fmt: skip

    async def receive() -> Message:
        if coming:
            return coming.pop()
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    anyio.run(application, scope, receive, send)

    assert sent[0]["status"] == 408
    assert b"<h1>Request Timeout</h1>" in sent[1]["body"]
    assert swifty.get(OBJECT).status_code == 404
