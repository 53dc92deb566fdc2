"""Consoles over HTTP: many readers and one writer on a guest of the fake hypervisor."""

import asyncio
import concurrent.futures
import select
import socket
import threading
from collections.abc import AsyncGenerator

import pytest

from appliance import context
from appliance.ids import InstanceId
from services.api.cloud.consoles import ConsoleRoutes
from services.compute import console
from services.compute.api.consoles import Consoles
from services.compute.driver import domain_name
from tests.cloud import eventually
from tests.services.api.cloud.console_box import DEADLINE_S, Box


class Reader:
    """One who follows a console, as the server's event loop does for a client."""

    def __init__(self, box: Box, since: int | None = None, tail: int | None = None) -> None:
        self.routes = ConsoleRoutes(Consoles(db=box.cloud.db, run_dir=box.cloud.settings.run_dir))
        ctx = context.RequestContext(
            project_id=box.cloud.project_id("demo"), roles=frozenset({"member"})
        )
        self.opened = opened = self.routes._verbs.open(ctx, box.id, since=since, tail=tail)
        self.place = opened.place
        self.text = b""
        self._source: AsyncGenerator[bytes, None] = self.routes.follow(opened)

    async def until(self, text: bytes) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while text not in self.text:
                self.text += await anext(self._source)

    async def ends(self) -> bool:
        async with asyncio.timeout(DEADLINE_S):
            async for piece in self._source:
                self.text += piece
        return True

    async def close(self) -> None:
        await self._source.aclose()
        assert self.opened.fd == -1


def test_two_read_what_one_types(box: Box) -> None:
    async def scenario() -> None:
        first, second = Reader(box), Reader(box)
        await first.until(b" login:")
        assert await asyncio.to_thread(box.type, "echo hello\r") == 204
        for one in (first, second):
            await one.until(b"echo hello\r\nhello\r\n")
            assert one.text.startswith(b"=== novabox: boot 20")
            await one.close()

    asyncio.run(scenario())


def test_a_reader_goes_on_where_it_stopped_whoever_was_restarted(box: Box) -> None:
    async def scenario() -> None:
        first = Reader(box)
        await first.until(b" login:")
        await first.close()
        box.driver.stop(box.id, timeout_s=0)
        box.boot()
        box.restart()
        second = Reader(box, since=first.place + len(first.text))
        await asyncio.to_thread(box.type, "echo again\r")
        await second.until(b"\nagain\r\n")
        await second.close()
        assert second.place == len(first.text)
        assert second.text.startswith(b"\r\n=== novabox: boot 20")

    asyncio.run(scenario())


def test_a_reader_that_is_too_slow_is_told_what_it_missed(box: Box) -> None:
    async def scenario() -> None:
        slow = Reader(box)
        await slow.until(b" login:")
        with box.log.open("ab") as log:
            log.write(b"0123456789abcde\n" * (console.KEPT_BYTES_MAX // 8))
        assert console.trim(box.log)
        assert await slow.ends()
        assert b"0" not in slow.text.partition(b"login:\n")[2]
        again = Reader(box, since=len(slow.text))
        await again.until(b"0123456789abcde\n")
        await again.close()
        assert again.place > len(slow.text)
        assert b"\0" not in again.text

    asyncio.run(scenario())


def test_one_who_is_behind_may_skip_to_the_end(box: Box) -> None:
    async def scenario() -> None:
        box.log.write_bytes(b"0123456789")
        for since, tail, text in ((2, 3, b"789"), (8, 3, b"89"), (None, 1, b"9"), (0, 99, b"012")):
            one = Reader(box, since=since, tail=tail)
            box.log.open("ab").close()
            await one.until(text)
            await one.close()
            assert one.place == 10 - len(text) if text != b"012" else one.place == 0

    asyncio.run(scenario())


def test_a_log_that_is_put_aside_is_read_to_its_end_and_the_next_one_from_its_beginning(
    box: Box,
) -> None:
    """What virtlogd does with a log of 2 MiB, where the system's libvirtd has it."""

    async def scenario() -> None:
        one = Reader(box)
        await one.until(b" login:")
        with box.log.open("ab") as log:
            box.log.rename(box.log.with_suffix(".log.0"))
            log.write(b"the last line\n")
        box.log.write_bytes(b"the first line\n")
        assert await one.ends()
        assert one.text.endswith(b"the last line\n")
        again = Reader(box, since=len(one.text))
        await again.until(b"the first line\n")
        await again.close()

    asyncio.run(scenario())


def test_a_stream_ends_with_its_instance_and_with_the_process(box: Box) -> None:
    async def scenario() -> None:
        one, other = Reader(box), Reader(box)
        await one.until(b" login:")
        await other.until(b" login:")
        ending = asyncio.create_task(other.ends())
        await asyncio.sleep(0)
        other.routes.close()
        assert await ending
        box.log.unlink()
        assert await one.ends()

    asyncio.run(scenario())


def test_the_answer_says_where_it_begins_and_what_was_there(box: Box) -> None:
    box.type("echo said\r")
    box.printed("\nsaid\r\n")
    size_bytes = box.log.stat().st_size
    with concurrent.futures.ThreadPoolExecutor() as pool:
        answer = pool.submit(box.cloud.ask, "GET", f"{box.path}?since=7")
        eventually(box.cloud.api.consoles.is_followed, timeout_s=DEADLINE_S, what="a reader")
        box.log.unlink()
        told = answer.result(DEADLINE_S)

    assert told.status_code == 200
    assert told.headers["X-Console-Offset"] == "7"
    assert int(told.headers["X-Console-End"]) == size_bytes
    assert told.headers["X-Console-Boot"] == "0"
    assert told.content.startswith(b"abox: boot 20")


def test_one_writes_at_a_time_and_another_takes_over_by_force(box: Box) -> None:
    assert box.type("echo one") == 204
    assert box.type("echo two", "two", user="admin") == 409
    assert "demo writes on the console" in box.reason
    assert box.type("\recho three\r", "two", user="admin", query="?force") == 204
    assert box.type("!") == 409
    assert "admin writes" in box.reason
    assert box.type("") == 204  # which is no writing
    box.printed("echo one\r\none\r\n")
    box.printed("echo three\r\nthree\r\n")

    assert box.cloud.ask(
        "DELETE", f"{box.path}/input", user="admin", headers={"X-Console-Session": "two"}
    ).status_code == 204  # fmt: skip
    assert box.type("\x03") == 204


def test_bytes_arrive_as_they_were_typed(box: Box) -> None:
    every = bytes(range(0x20, 0x7F)) + "äöü€".encode()
    assert box.cloud.ask(
        "POST", f"{box.path}/input", content=every,
        headers={"X-Console-Session": "x", "Content-Type": "application/octet-stream"},
    ).status_code == 204  # fmt: skip
    box.printed(every.replace(b"\x7f", b"").decode())


def test_a_break_is_sent(box: Box) -> None:
    headers = {"X-Console-Session": "x"}
    assert box.cloud.ask("POST", f"{box.path}/break", headers=headers).status_code == 204
    box.printed("break\r\n")


def test_ctrl_alt_del_is_for_who_writes(box: Box) -> None:
    """A fake guest starts anew, without a start of ours in its log."""
    name = domain_name(InstanceId(box.id))
    assert box.type("echo one\r") == 204
    box.printed(f"\r\none\r\n{name}:~# ")
    path = f"{box.path}/ctrl-alt-del"
    headers = {"X-Console-Session": "x"}
    assert box.cloud.ask("POST", path, user="admin", headers=headers).status_code == 409
    assert box.cloud.ask("POST", f"{path}?force", user="admin", headers=headers).status_code == 204
    box.printed(f":~# {name} login:\r\n")
    assert box.log.read_bytes().count(b"=== novabox: boot ") == 1


def test_a_flood_never_waits_for_a_reader_and_leaves_a_bounded_log(box: Box) -> None:
    async def scenario() -> None:
        idle, busy = Reader(box), Reader(box)
        await idle.until(b" login:")
        await asyncio.to_thread(box.type, "yes novabox\r")
        size_bytes = 0
        async with asyncio.timeout(DEADLINE_S):
            while size_bytes < 8 << 20:
                try:
                    size_bytes += len(await anext(busy._source))
                except StopAsyncIteration:
                    busy = Reader(box, since=busy.place + size_bytes)
        await asyncio.to_thread(box.type, "\x03")
        await asyncio.to_thread(box.printed, "^C\r\n")
        assert await idle.ends()
        await busy.close()

    asyncio.run(scenario())
    assert box.log.stat().st_blocks * 512 < 4 * console.KEPT_BYTES_MAX


@pytest.mark.parametrize(
    ("user", "status"), [("demo", 204), ("admin", 204), ("other", 404), ("watcher", 403)]
)
def test_a_console_is_its_projects_and_the_admins(box: Box, user: str, status: int) -> None:
    assert box.type("", user=user) == status
    if status != 204:
        assert box.cloud.ask("GET", box.path, user=user).status_code == status
        headers = {"X-Console-Session": "x"}
        for verb in ("break", "ctrl-alt-del"):
            answer = box.cloud.ask("POST", f"{box.path}/{verb}", user=user, headers=headers)
            assert answer.status_code == status


@pytest.mark.parametrize("query", ["since=-1", "since=x", "since=" + "9" * 30, "tail=x"])
def test_a_place_that_is_none_is_refused(box: Box, query: str) -> None:
    assert box.cloud.ask("GET", f"{box.path}?{query}").status_code == 400


def test_input_that_is_too_much_or_nobodys_is_refused(box: Box) -> None:
    assert box.type("x" * ((64 << 10) + 1)) == 413
    assert box.type("x", "") == 400
    assert box.type("x", "a b") == 400
    assert box.type("x", "y" * 65) == 400


def test_a_guest_that_is_off_reads_nothing_and_one_that_never_ran_has_no_console(box: Box) -> None:
    box.driver.stop(box.id, timeout_s=0)
    assert box.type("x") == 409
    assert "it is not on" in box.reason

    box.log.unlink()
    assert box.cloud.ask("GET", box.path).status_code == 409
    assert box.type("x") == 409
    assert "has not been started yet" in box.reason


def test_keys_are_in_no_trace(box: Box) -> None:
    from appliance import trace

    trace.start(box.cloud.settings.home, "api", hops_max=1000)
    box.type("secret\r")
    trace.flush()

    assert trace.Log(box.cloud.settings.home).requests(limit=10) == []


def test_a_worker_that_is_starting_again_is_waited_for(box: Box) -> None:
    box._broker.close()
    later = threading.Timer(0.3, box.restart)
    later.start()

    assert box.type("echo back\r") == 204
    later.join()
    box.printed("\nback\r\n")


def test_a_worker_that_breaks_off_is_unavailable(box: Box) -> None:
    box._broker.close()
    path = box.cloud.settings.run_dir / "console.broker"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as rude:
        rude.bind(str(path))
        rude.listen()

        def hang_up() -> None:
            with rude.accept()[0] as peer:
                peer.recv(99)

        hanging_up = threading.Thread(target=hang_up)
        hanging_up.start()

        assert box.type("x") == 503
        assert "was it typed?" in box.reason
        hanging_up.join()


def test_what_nobody_has_read_is_asked_again(box: Box) -> None:
    """The worker is killed between the connection and the first look at it."""
    box._broker.close()
    path = box.cloud.settings.run_dir / "console.broker"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as dying:
        dying.bind(str(path))
        dying.listen()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            status = pool.submit(box.type, "echo after\r")
            select.select([dying], [], [], DEADLINE_S)
            dying.close()
            box.restart()

            assert status.result(DEADLINE_S) == 204
    box.printed("\nafter\r\n")
    assert box.log.read_bytes().count(b"\nafter\r\n") == 1
