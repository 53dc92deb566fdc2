"""The whole of `novabox serve` for tests: a cloud on a port, and the site in front of it."""

from __future__ import annotations

import asyncio
import functools
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
from aiohttp import ClientSession, ClientWebSocketResponse, CookieJar, WSMsgType, web
from aiohttp.test_utils import TestServer

from tests.tui.fake_cloud import ROOT, FakeCloud
from tui.serve.offer import Offer
from tui.serve.process import why_not_confined
from tui.serve.site import Site

FORM = {"user": "demo", "password": "secret", "project": "demo", "domain": "Default"}
_PATIENCE_S = 40.0


@functools.cache
def is_confinable() -> bool:
    """Whether sessions can run under numbers of their own here: others must read this Python."""
    return not why_not_confined()


class Served:
    """A running site; ``get`` and the rest are a browser's, cookies and origin included."""

    def __init__(self, site: Site, url: str, browser: ClientSession) -> None:
        self.site = site
        self.url = url
        self.browser = browser
        self.origin = {"Origin": url}
        self.homes = Path("/nonexistent")

    async def log_in(self, **fields: str) -> int:
        """Send the login form; return the answer's status."""
        async with self.browser.post(
            f"{self.url}/login", data=FORM | fields, headers=self.origin, allow_redirects=False
        ) as answer:
            return answer.status

    async def tab(self, width: int = 80, height: int = 24) -> ClientWebSocketResponse:
        """Open the socket of a tab."""
        return await self.browser.ws_connect(
            f"{self.url}/ws?width={width}&height={height}", headers=self.origin
        )


@asynccontextmanager
async def cloud_on_a_port(
    cloud: FakeCloud, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """Speak HTTP, or HTTPS, for ``cloud``; gives the URL of its identity service."""

    async def handle(request: web.Request) -> web.StreamResponse:
        told = await cloud.handle_async_request(
            httpx2.Request(
                request.method, f"{ROOT}{request.raw_path}",
                headers=list(request.raw_headers), content=await request.read(),
            )
        )  # fmt: skip
        answer = web.StreamResponse(
            status=told.status_code,
            headers={
                name: told.headers[name]
                for name in ("Content-Type", "X-Subject-Token", "X-Openstack-Request-Id")
                if name in told.headers
            },
        )
        await answer.prepare(request)
        chunks = _whole(told) if told.is_stream_consumed else told.aiter_raw()
        async for chunk in chunks:
            await answer.write(chunk.replace(ROOT.encode(), here.encode()))
        return answer

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handle)
    server = TestServer(application, host="localhost", scheme="https" if tls else "http")
    await server.start_server(ssl=tls)
    here = str(server.make_url("")).rstrip("/")
    try:
        yield f"{here}/identity/v3"
    finally:
        cloud.break_streams()
        await server.close()


async def _whole(told: httpx2.Response) -> AsyncIterator[bytes]:
    yield told.content


@asynccontextmanager
async def served(cloud: FakeCloud, homes: Path, **offered: Any) -> AsyncIterator[Served]:
    """Serve ``cloud``, with a browser that is not logged in."""
    async with cloud_on_a_port(cloud) as auth_url:
        offer = Offer(auth_url=auth_url, is_confined=is_confinable())
        site = Site(replace(offer, **offered), homes=homes)
        server = TestServer(site.application())
        await server.start_server()
        url = str(server.make_url("")).rstrip("/")
        try:
            async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
                yield Served(site, url, browser)
        finally:
            await server.close()


def play(
    cloud: FakeCloud, homes: Path, scene: Callable[[Served], Awaitable[None]], **offered: Any
) -> None:
    """Serve ``cloud`` for the length of ``scene``."""
    del homes  # pytest's folder is root's alone: no session could look into its own there

    with tempfile.TemporaryDirectory(prefix="novabox-serve-") as folder:
        Path(folder).chmod(0o711)

        async def run() -> None:
            async with served(cloud, Path(folder), **offered) as site:
                site.homes = Path(folder)
                await scene(site)

        asyncio.run(run())


async def drawn(tab: ClientWebSocketResponse, text: str) -> str:
    """Read what a tab draws until ``text`` was in it; return all of it."""
    seen = ""
    async with asyncio.timeout(_PATIENCE_S):
        async for message in tab:
            if message.type is WSMsgType.BINARY:
                seen += message.data.decode()
                if text in seen:
                    return seen
    raise AssertionError(f"{text!r} was never drawn, but {seen[-2000:]!r}")


async def gone(condition: Callable[[], bool]) -> None:
    """Wait until ``condition`` holds."""
    async with asyncio.timeout(_PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - the kernel tells no event of it
            await asyncio.sleep(0.02)
