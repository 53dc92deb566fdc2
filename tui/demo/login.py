"""Waiting for the guest: what it says on its console, and an ssh login with the key."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tui.client import openstack, verbs
from tui.client.errors import ClientError
from tui.client.session import Session
from tui.demo.failure import DemoFailed
from tui.demo.teller import Teller
from tui.plain import lines_of

_LOGIN_S: Final = 180.0  # a guest under emulation, on a busy machine
_TRY_S: Final = 20.0  # the key exchange alone takes seconds under emulation
_KNOCK_S: Final = 0.5
_PAUSE_S: Final = 0.1
_CONSOLE_EVERY_S: Final = 0.5
_LINES: Final = 400
_MILESTONE: Final = re.compile(r"ami-tiny: (?P<what>.+) at (?P<at_s>[0-9.]+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """Something the guest said of its own boot, with the seconds since its kernel began."""

    what: str
    at_s: float


async def wait(
    session: Session, server_id: str, *, address: str, key: Path, teller: Teller
) -> list[Milestone]:
    """Return once a login works, with the guest's milestones, told as they came.

    Raises DemoFailed with the console's and ssh's last words when it never does.
    """
    heard: list[Milestone] = []
    listener = asyncio.create_task(_listen(session, server_id, heard, teller=teller))
    try:
        await _log_in(address, key)
    except TimeoutError as error:
        tail = "\n".join(await tail_of(session, server_id, lines=8))
        raise DemoFailed(
            f"no ssh login on {address} in {_LOGIN_S:.0f} s; console:\n{tail}"
        ) from error
    finally:
        listener.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listener
    await _hear(session, server_id, heard, teller=teller)
    return heard


async def tail_of(session: Session, server_id: str, *, lines: int) -> list[str]:
    """Return the last lines of the console that say something."""
    answer = await session.send(verbs.compute.console_output(server_id, lines=_LINES))
    return [line for line in lines_of(openstack.console(answer.body)) if line.strip()][-lines:]


def milestones(lines: list[str]) -> list[Milestone]:
    """Find what ami-tiny says of its boot; another guest says nothing of the kind."""
    found = (_MILESTONE.search(line) for line in lines)
    return [Milestone(what=one["what"], at_s=float(one["at_s"])) for one in found if one]


async def _listen(
    session: Session, server_id: str, heard: list[Milestone], *, teller: Teller
) -> None:
    while True:
        with contextlib.suppress(ClientError):  # the login decides; the console is only told
            await _hear(session, server_id, heard, teller=teller)
        await asyncio.sleep(_CONSOLE_EVERY_S)


async def _hear(
    session: Session, server_id: str, heard: list[Milestone], *, teller: Teller
) -> None:
    said = milestones(await tail_of(session, server_id, lines=_LINES))
    for milestone in said[len(heard) :]:
        teller.say(f"  {milestone.at_s:7.2f} s  guest: {milestone.what}", style="dim")
    heard[:] = said


async def _log_in(address: str, key: Path) -> None:
    """Try until it works. Raises TimeoutError, or DemoFailed when there is no ssh."""
    deadline_s = time.monotonic() + _LOGIN_S
    while not await _try(address, key):
        if time.monotonic() > deadline_s:
            raise TimeoutError
        await asyncio.sleep(_PAUSE_S)


async def _is_open(address: str) -> bool:
    """Knock: a guest that is not up yet is found out about sooner than by ssh itself."""
    try:
        async with asyncio.timeout(_KNOCK_S):
            _, writer = await asyncio.open_connection(address, 22)
    except OSError:
        return False
    writer.close()
    return True


async def _try(address: str, key: Path) -> bool:
    if not await _is_open(address):
        return False
    try:
        process = await asyncio.create_subprocess_exec(
            *ssh(address, key), "true",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as error:
        raise DemoFailed("ssh is not there: install openssh-client") from error
    try:
        return await asyncio.wait_for(process.wait(), _TRY_S) == 0
    except TimeoutError:
        return False
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def ssh(address: str, key: Path) -> list[str]:
    """Return the command that logs in: no questions, nothing remembered."""
    return [
        "ssh", "-i", str(key),
        "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR",
        "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
        "-o", "ConnectTimeout=5",
        f"root@{address}",
    ]  # fmt: skip
