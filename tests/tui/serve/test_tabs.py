"""Tabs with real processes: what is typed arrives, what is drawn comes back, and each ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from pathlib import Path

import pytest
from aiohttp import WSMsgType

from tests.tui.fake_cloud import FakeCloud
from tests.tui.serve.served import Served, drawn, gone, is_confinable, play
from tui.serve import logins


def is_alive(pid: int) -> bool:
    """Whether there is a process ``pid`` that has not ended."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False


def pid_of_tab(site: Served) -> int:
    (login,) = site.site.logins.all()
    (process,) = login.tabs
    assert process.pid
    return process.pid


def test_keys_go_in_and_the_screen_changes(cloud: FakeCloud, tmp_path: Path) -> None:
    async def scene(site: Served) -> None:
        await site.log_in()
        tab = await site.tab()
        await drawn(tab, "box1")
        await tab.send_str(json.dumps(["stdin", "2"]))
        await drawn(tab, "Instances")
        await tab.send_str(json.dumps(["resize", {"width": 130, "height": 40}]))
        await drawn(tab, "web-1")
        await tab.send_str(json.dumps(["ping", "7"]))
        async with asyncio.timeout(20):
            async for message in tab:
                if message.type is WSMsgType.TEXT:
                    assert message.json() == ["pong", "7"]
                    break
        pid = pid_of_tab(site)
        assert is_alive(pid)
        await tab.close()
        await gone(lambda: not is_alive(pid))

    play(cloud, tmp_path, scene)


def test_a_process_has_its_owners_password_and_nothing_of_the_servers(
    cloud: FakeCloud, tmp_path: Path
) -> None:
    os.environ["AWS_SECRET_ACCESS_KEY"] = "the server's"

    async def scene(site: Served) -> None:
        await site.log_in()
        tab = await site.tab()
        await drawn(tab, "mq")
        folder = Path(f"/proc/{pid_of_tab(site)}")
        environment = (folder / "environ").read_text()
        assert "OS_PASSWORD=secret" in environment
        assert "the server's" not in environment
        assert "secret" not in (folder / "cmdline").read_text()
        status = (folder / "status").read_text()
        assert "NoNewPrivs:\t1" in status

    try:
        play(cloud, tmp_path, scene)
    finally:
        del os.environ["AWS_SECRET_ACCESS_KEY"]


@pytest.mark.skipif(os.geteuid() != 0, reason="root is missing")
@pytest.mark.skipif(not is_confinable(), reason="others cannot read this Python")
def test_where_root_serves_a_session_has_a_number_of_its_own_and_no_rights(
    cloud: FakeCloud, tmp_path: Path
) -> None:
    async def scene(site: Served) -> None:
        await site.log_in()
        await drawn(await site.tab(), "mq")
        (login,) = site.site.logins.all()
        status = (Path("/proc") / str(pid_of_tab(site)) / "status").read_text()
        assert f"Uid:\t{login.uid}\t{login.uid}" in status
        assert "Groups:\t \n" in status
        assert "CapEff:\t0000000000000000" in status

    play(cloud, tmp_path, scene)


def test_nonsense_on_the_socket_is_let_fall(cloud: FakeCloud, tmp_path: Path) -> None:
    async def scene(site: Served) -> None:
        await site.log_in()
        tab = await site.tab(width=-5, height=10**9)
        for nonsense in (
            "{", "[]", '["stdin"]', '["stdin", 7]', '["resize", {"width": "x"}]', '{"a": 1}',
            '["resize", {"width": -9, "height": 99999999}]', '"stdin"', "\x00",
        ):  # fmt: skip
            await tab.send_str(nonsense)
        await tab.send_bytes(b"\x00\xff")
        await tab.send_str(json.dumps(["resize", {"width": 80, "height": 24}]))
        await drawn(tab, "mq")
        await tab.close()

    play(cloud, tmp_path, scene)


def test_a_hung_process_is_ended_with_its_tab(cloud: FakeCloud, tmp_path: Path) -> None:
    async def scene(site: Served) -> None:
        await site.log_in()
        tab = await site.tab()
        await drawn(tab, "mq")
        pid = pid_of_tab(site)
        os.kill(pid, signal.SIGSTOP)
        await tab.close()
        await gone(lambda: not is_alive(pid))
        await gone(lambda: site.site.logins.tab_count() == 0)

    play(cloud, tmp_path, scene)


def test_quitting_closes_the_socket_and_logging_out_ends_the_process(
    cloud: FakeCloud, tmp_path: Path
) -> None:
    async def scene(site: Served) -> None:
        await site.log_in()
        tab = await site.tab()
        await drawn(tab, "mq")
        await tab.send_str(json.dumps(["stdin", "\x11"]))
        async with asyncio.timeout(20):
            async for _ in tab:
                pass
        assert tab.closed
        await gone(lambda: site.site.logins.tab_count() == 0)
        again = await site.tab()
        await drawn(again, "mq")
        pid = pid_of_tab(site)
        async with site.browser.post(f"{site.url}/logout", headers=site.origin):
            pass
        assert not is_alive(pid)
        assert not any(site.homes.iterdir())

    play(cloud, tmp_path, scene)


def test_there_are_no_more_tabs_than_there_may_be(cloud: FakeCloud, tmp_path: Path) -> None:
    async def scene(site: Served) -> None:
        await site.log_in()
        first = await site.tab()
        await drawn(first, "mq")
        second = await site.tab()
        await drawn(second, "This server runs 1 sessions and no more")
        async with asyncio.timeout(20):
            assert (await second.receive()).type in (WSMsgType.CLOSE, WSMsgType.CLOSED)
        assert site.site.logins.tab_count() == 1

    play(cloud, tmp_path, scene, tabs_max=1)


def test_one_login_has_only_so_many_of_them(cloud: FakeCloud, tmp_path: Path) -> None:
    async def scene(site: Served) -> None:
        await site.log_in()
        tabs = [await site.tab() for _ in range(logins.TABS_MAX)]
        await gone(lambda: site.site.logins.tab_count() == logins.TABS_MAX)
        await drawn(await site.tab(), f"{logins.TABS_MAX} tabs are open")
        for tab in tabs:
            with contextlib.suppress(ConnectionError):
                await tab.close()
        await gone(lambda: site.site.logins.tab_count() == 0)

    play(cloud, tmp_path, scene)


def test_the_end_of_the_server_is_the_end_of_every_process(
    cloud: FakeCloud, tmp_path: Path
) -> None:
    pids = []

    async def scene(site: Served) -> None:
        await site.log_in()
        tab = await site.tab()
        await drawn(tab, "mq")
        pids.append(pid_of_tab(site))

    play(cloud, tmp_path, scene)
    assert not is_alive(pids[0])
