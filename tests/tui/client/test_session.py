"""Login, renewal, errors in words, uploads."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests import certificates
from tests.tui.fake_cloud import ENVIRON, FakeCloud
from tests.tui.serve.served import cloud_on_a_port
from tui.client import credentials, openstack, verbs
from tui.client.call import Call
from tui.client.errors import Refused, Unreachable, Unreadable
from tui.client.session import Session

WHO = credentials.find(ENVIRON)


def talk(cloud: FakeCloud, story: Callable[[Session], Awaitable[None]]) -> None:
    async def run() -> None:
        async with Session(WHO, transport=cloud) as session:
            await story(session)

    asyncio.run(run())


def test_many_calls_log_in_once(cloud: FakeCloud) -> None:
    async def story(session: Session) -> None:
        await asyncio.gather(*(session.send(verbs.compute.flavors()) for _ in range(5)))

    talk(cloud, story)
    assert cloud.logins == 1


def test_a_token_that_the_cloud_forgot_is_renewed(cloud: FakeCloud) -> None:
    async def story(session: Session) -> None:
        await session.send(verbs.compute.flavors())
        cloud.valid_tokens.clear()
        answer = await session.send(verbs.compute.flavors())
        assert answer.status == 200

    talk(cloud, story)
    assert cloud.logins == 2


def test_versions_in_the_catalog_do_not_double(cloud: FakeCloud) -> None:
    async def story(session: Session) -> None:
        await session.send(verbs.network.networks())
        with pytest.raises(Refused):
            await session.send(verbs.image.images("x y"))

    talk(cloud, story)
    paths = [path for _, path, _ in cloud.calls[1:]]
    assert paths == ["/network/v2.0/networks", "/image/v2/images?name=x%20y"]


@pytest.mark.parametrize(
    "body",
    [
        {"badRequest": {"code": 400, "message": "no such flavor"}},
        {"error": {"code": 400, "message": "no such flavor", "title": "Bad Request"}},
        {"NeutronError": {"type": "X", "message": "no such flavor", "detail": ""}},
        {"message": "no such flavor"},
        "no such flavor",
    ],
)
def test_the_reason_is_found_in_every_apis_error(cloud: FakeCloud, body: object) -> None:
    cloud.answers = {"GET .*flavors.*": (400, body)}

    async def story(session: Session) -> None:
        with pytest.raises(Refused, match="no such flavor") as caught:
            await session.send(verbs.compute.flavors())
        assert (caught.value.status, caught.value.request_id) == (400, "req-fake")

    talk(cloud, story)


def test_a_wrong_password_is_refused_in_words(cloud: FakeCloud) -> None:
    async def run() -> None:
        async with Session(replace(WHO, password="wrong"), transport=cloud) as session:
            with pytest.raises(Refused, match="login as demo: 401 wrong user or password"):
                await session.send(verbs.compute.flavors())

    asyncio.run(run())


def test_a_cloud_that_is_down_is_unreachable(cloud: FakeCloud) -> None:
    cloud.is_down = True

    async def story(session: Session) -> None:
        with pytest.raises(Unreachable, match="is the cloud up"):
            await session.send(verbs.compute.flavors())

    talk(cloud, story)


def test_an_answer_off_the_contract_is_unreadable(cloud: FakeCloud) -> None:
    cloud.answers = {"GET .*flavors.*": (200, {"flavours": []})}

    async def story(session: Session) -> None:
        with pytest.raises(Unreadable, match="flavors"):
            await session.fetch(verbs.compute.flavors(), openstack.flavor_choices)

    talk(cloud, story)


def test_an_upload_arrives_whole(cloud: FakeCloud) -> None:
    cloud.answers = {"PUT /image/v2/images/i1/file": (204, None)}

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 1000

    async def story(session: Session) -> None:
        await session.upload(verbs.image.upload_image("i1"), pieces())

    talk(cloud, story)
    assert cloud.calls[-1][2] == b"x" * 3000


def test_a_header_is_sent_in_utf_8_and_what_http_has_no_room_for_is_refused(
    cloud: FakeCloud,
) -> None:
    """Swift's metadata is in its users' own words."""

    async def run() -> None:
        async with (
            cloud_on_a_port(cloud) as auth_url,
            Session(replace(WHO, auth_url=auth_url)) as session,
        ):
            await session.send(_noted("Wo", "日本"))
            for name, value in (("a b", "1"), ("日", "1"), ("a:", "1"), ("a", "1\n2")):
                with pytest.raises(Refused, match="this cannot be sent"):
                    await session.send(_noted(name, value))

    asyncio.run(run())
    assert cloud.swift.headers["films"] == {"x-container-meta-wo": "日本"}


def _noted(name: str, value: str) -> Call:
    return verbs.object_store.set_container("films", {f"X-Container-Meta-{name}": value})


def test_credentials_do_not_show_their_password() -> None:
    assert "secret" not in repr(WHO)


def test_who_was_in_is_asked_for_the_password_until_it_does(cloud: FakeCloud) -> None:
    asked = []

    async def story(session: Session) -> None:
        async def ask(reason: str) -> str | None:
            asked.append(reason)
            return ["wrong again", "new"][len(asked) - 1]

        session.ask_password = ask
        await session.send(verbs.compute.flavors())
        cloud.password = "new"
        cloud.valid_tokens.clear()
        assert (await session.send(verbs.compute.flavors())).status == 200

    talk(cloud, story)
    assert asked == ["wrong user or password"] * 2


def test_who_gives_no_password_and_who_was_never_in_is_refused(cloud: FakeCloud) -> None:
    async def story(session: Session) -> None:
        asked = []

        async def ask(reason: str) -> str | None:
            asked.append(reason)
            return None

        session.ask_password = ask
        cloud.password = "other"
        with pytest.raises(Refused):
            await session.send(verbs.compute.flavors())
        assert asked == []
        cloud.password = "secret"
        await session.send(verbs.compute.flavors())
        cloud.password = "other"
        cloud.valid_tokens.clear()
        with pytest.raises(Refused):
            await session.send(verbs.compute.flavors())
        assert len(asked) == 1

    talk(cloud, story)


def test_a_read_only_session_reads_and_asks_and_changes_nothing(cloud: FakeCloud) -> None:
    async def story(session: Session) -> None:
        session.is_read_only = True
        await session.send(verbs.compute.flavors())
        with pytest.raises(Refused, match="read-only"):
            await session.send(verbs.compute.delete_server("1"))
        with pytest.raises(Refused, match="read-only"):
            await session.upload(verbs.image.upload_image("1"), _nothing())
        assert verbs.novabox.status().is_safe

    talk(cloud, story)
    assert {method for method, path, _ in cloud.calls} == {"POST", "GET"}
    assert [path for method, path, _ in cloud.calls if method == "POST"] == [
        "/identity/v3/auth/tokens"
    ]


async def _nothing() -> AsyncIterator[bytes]:
    yield b""


def test_a_cloud_of_ones_own_authority_is_trusted_by_its_file_or_by_nobody(
    tmp_path: Path, cloud: FakeCloud
) -> None:
    file = certificates.of_localhost(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(file)

    async def run() -> None:
        async with cloud_on_a_port(cloud, tls=tls) as auth_url:
            who = replace(WHO, auth_url=auth_url)
            for trusting in (
                replace(who, ca_file=str(file)),
                replace(who, is_insecure=True),
            ):
                async with Session(trusting) as session:
                    await session.log_in()
            async with Session(who) as session:
                with pytest.raises(Unreachable, match="certificate"):
                    await session.log_in()
            with pytest.raises(Unreachable, match=r"nowhere\.pem"):
                Session(replace(who, ca_file="/nowhere.pem"))

    asyncio.run(run())
