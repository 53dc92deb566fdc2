"""Starlette's test client on one event loop for all tests of a process.

By itself it starts a thread with a loop for each request, which costs more than the request.
"""

import functools
import threading
from concurrent.futures import Future
from typing import Any

import anyio
from anyio.from_thread import BlockingPortal
from starlette.testclient import TestClient
from starlette.types import ASGIApp


def client(application: ASGIApp, **options: Any) -> TestClient:
    """A client of the application."""
    made = TestClient(application, **options)
    made.portal = _portal()
    return made


@functools.cache
def _portal() -> BlockingPortal:
    """The way to the loop, whose thread is a daemon: nothing waits for it when the process ends."""
    found: Future[BlockingPortal] = Future()

    async def run() -> None:
        async with BlockingPortal() as portal:
            found.set_result(portal)
            await portal.sleep_until_stopped()

    threading.Thread(target=anyio.run, args=(run,), name="asgi", daemon=True).start()
    return found.result(30)
