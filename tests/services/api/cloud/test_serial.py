"""Nova's serial consoles: a URL that opens a WebSocket once, for who was given it."""

from collections.abc import Iterator

import pytest
from starlette.testclient import WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from services.api.cloud import serial
from tests.services.api.cloud.console_box import Box
from tests.services.api.clouds import COMPUTE

ASKED = {"os-getSerialConsole": {"type": "serial"}}


def url(box: Box, *, user: str = "demo") -> str:
    body = box.cloud.post(f"{COMPUTE}/servers/{box.id}/action", ASKED, user=user)
    assert body["console"]["type"] == "serial"
    return str(body["console"]["url"])


@pytest.fixture
def socket(box: Box) -> Iterator[WebSocketTestSession]:
    with box.cloud.client.websocket_connect(url(box), subprotocols=["binary"]) as opened:
        yield opened


def until(socket: WebSocketTestSession, text: bytes) -> bytes:
    said = b""
    while text not in said:
        said += socket.receive_bytes()
    return said


def test_what_the_guest_prints_comes_and_what_is_sent_is_typed(
    socket: WebSocketTestSession,
) -> None:
    assert socket.accepted_subprotocol == "binary"
    assert until(socket, b" login:").startswith(b"=== novabox: boot ")
    socket.send_bytes(b"echo ")
    socket.send_text("hällo\r")
    until(socket, "\nhällo\r\n".encode())


def test_a_url_is_for_the_clouds_own_address_and_opens_once(box: Box) -> None:
    given = url(box)
    assert given.startswith("ws://testserver/novabox/v1/serial?token=")
    with box.cloud.client.websocket_connect(given) as opened:
        until(opened, b" login:")
    for refused in (given, "/novabox/v1/serial", "/novabox/v1/serial?token=x", "/elsewhere"):
        with pytest.raises(WebSocketDisconnect), box.cloud.client.websocket_connect(refused):
            pass


def test_a_url_that_waited_too_long_opens_nothing(
    box: Box,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serial, "TICKET_S", 0.0)
    with pytest.raises(WebSocketDisconnect), box.cloud.client.websocket_connect(url(box)):
        pass


def test_urls_that_nobody_uses_are_forgotten(
    box: Box,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serial, "_TICKETS_MAX", 1)
    first, second = url(box), url(box)
    with pytest.raises(WebSocketDisconnect), box.cloud.client.websocket_connect(first):
        pass
    with box.cloud.client.websocket_connect(second) as opened:
        until(opened, b" login:")


def test_who_else_writes_is_said(box: Box, socket: WebSocketTestSession) -> None:
    assert box.type("x", user="admin") == 204
    socket.send_bytes(b"y")
    assert b"admin writes on the console" in until(socket, b"]\r\n")


def test_it_ends_with_the_instance_and_with_the_process(box: Box) -> None:
    with box.cloud.client.websocket_connect(url(box)) as one:
        until(one, b" login:")
        box.log.unlink()
        with pytest.raises(WebSocketDisconnect):
            until(one, b"never")


@pytest.mark.parametrize(("user", "status"), [("other", 404), ("watcher", 403)])
def test_a_url_is_given_to_who_may(box: Box, user: str, status: int) -> None:
    path = f"{COMPUTE}/servers/{box.id}/action"
    assert box.cloud.ask("POST", path, user=user, json=ASKED).status_code == status
