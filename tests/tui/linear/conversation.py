"""A conversation with the cloud of this process: lines go in, lines come out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from tests.tui.fake_cloud import ENVIRON, NOW_S, FakeCloud
from tui import feed
from tui.client import credentials, nouns
from tui.client.nouns import Usage
from tui.client.session import Session
from tui.linear.talk import Talk
from tui.linear.telling import Voice
from tui.store import Store


def talk(cloud: FakeCloud, lines: Iterable[str], *, is_read_only: bool = False) -> list[str]:
    """Type ``lines`` one after the other; return all that was said, prompts included."""
    said: list[str] = []
    rest = list(lines)

    async def ask(prompt: str) -> str | None:
        line = rest.pop(0) if rest else None
        said.append(f"{prompt}{'' if line is None else line}".rstrip())
        await asyncio.sleep(0)
        return line

    async def run() -> None:
        async with Session(credentials.find(ENVIRON), transport=cloud) as session:
            session.is_read_only = is_read_only
            store = Store(now_s=lambda: NOW_S, later=_later)
            following = asyncio.gather(
                feed.run(session, store, kinds=nouns.STREAMED), feed.run_usage(session, store)
            )
            used = len(cloud.objects["usage"])
            async with asyncio.timeout(20):
                while not (store.rev == cloud.rev and len(store.all(Usage)) == used):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            voice = Voice(store=store, now_s=lambda: NOW_S)
            await Talk(session, voice, ask=ask, say=said.append, project="demo").run()
            following.cancel()

    asyncio.run(run())
    return said


def _later(delay_s: float, function: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_later(delay_s, function)
