"""Starlette's test client on one event loop for all tests of a process.

By itself it starts a thread with a loop for each request, which costs more than the request.
"""

import functools
from typing import Any

import anyio.from_thread
from starlette.testclient import TestClient
from starlette.types import ASGIApp


def client(application: ASGIApp, **options: Any) -> TestClient:
    """A client of the application."""
    made = TestClient(application, **options)
    made.portal = _portal()
    return made


@functools.cache
def _loop() -> Any:
    """What runs the loop's thread for as long as this is kept; the thread is a daemon."""
    return anyio.from_thread.start_blocking_portal()


@functools.cache
def _portal() -> anyio.from_thread.BlockingPortal:
    portal: anyio.from_thread.BlockingPortal = _loop().__enter__()
    return portal
