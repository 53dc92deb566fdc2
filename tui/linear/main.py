"""Start the conversation: the connection, the event stream in the background, a clean end."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import time
from collections.abc import Callable

from tui import feed
from tui.client import nouns
from tui.client.credentials import Credentials
from tui.client.errors import ClientError
from tui.client.session import Session
from tui.linear.talk import Talk, typed
from tui.linear.telling import Voice
from tui.store import Store

_SNAPSHOT_S = 10.0


def run(who: Credentials, *, is_read_only: bool = False) -> int:
    """Talk until the user leaves; return the exit status."""
    try:
        asyncio.run(_run(who, is_read_only=is_read_only))
    except ClientError as error:
        print(f"tui: {error}")
        return 1
    except KeyboardInterrupt:
        print()
    return 0


async def _run(who: Credentials, *, is_read_only: bool) -> None:
    async with Session(who) as session:
        session.is_read_only = is_read_only
        session.ask_password = lambda reason: _password(f"{reason}. Password: ")
        await session.log_in()
        store = Store(now_s=time.time, later=_later)
        following = asyncio.gather(
            feed.run(session, store, kinds=(*nouns.STREAMED, "hop")),
            feed.run_usage(session, store),
        )
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(_first(store), _SNAPSHOT_S)
            voice = Voice(store=store, now_s=time.time)
            talk = Talk(
                session, voice, ask=typed, say=print, project=who.project_name, secret=_password
            )
            await talk.run()
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following


def _later(delay_s: float, function: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_later(delay_s, function)


async def _first(store: Store) -> None:
    """Wait for the first snapshot."""
    there = asyncio.Event()
    store.subscribe(lambda _: there.set() if store.rev else None)
    await there.wait()


async def _password(prompt: str) -> str | None:
    return await asyncio.to_thread(getpass.getpass, prompt) or None
