"""Serve an ASGI application until told to stop. The one place that names Granian and uvloop."""

import asyncio
import contextlib
import ctypes
import gc
import logging
import signal
import socket
from collections.abc import Callable
from typing import Any, Final

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server
from starlette.types import ASGIApp, Receive, Scope, Send

from appliance import errors, trace

log = logging.getLogger(__name__)

_HTTP1: Final = HTTP1Settings(max_buffer_size=1 << 20)  # of one connection
GRACE_S: Final = 60.0  # uploads under way when the signal comes have this long to finish

# Granian's threads still hear of connections that close; one that then calls Python would abort
LAST_CALLS_S: Final = 0.2

# of glibc's malloc.h: parameters of mallopt
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_KEPT_BYTES: Final = 4 << 20  # several chunks of a stream; a login's 19 MiB of argon2 are above


class _UnderWay:
    """An application that knows how many of its requests are being answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._count = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._count += 1
        self._idle.clear()
        try:
            await self._app(scope, receive, send)
        finally:
            self._count -= 1
            if not self._count:
                self._idle.set()

    async def wait_until_idle(self, timeout_s: float) -> None:
        """Return when the last answer is sent, or `timeout_s` passed."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), timeout_s)


def serve(
    app: ASGIApp,
    *,
    address: str,
    port: int,
    on_stop: Callable[[], None] = lambda: None,
    has_websockets: bool = False,
) -> None:
    """Serve until SIGTERM or SIGINT; requests under way then are finished first.

    `on_stop` is called as soon as the signal comes, on the event loop: it ends endless answers.
    Raises Unavailable when somebody listens there already.
    """
    _refuse_taken(address, port)
    logging.getLogger("_granian").setLevel(logging.ERROR)
    _fix_malloc_thresholds()
    gc.collect()
    gc.freeze()  # what is loaded by now stays: the collector need not go through it again and again
    under_way = _UnderWay(app)
    settings = {"address": address, "port": port, "websockets": has_websockets}
    uvloop.run(_serve(under_way, settings, on_stop))
    trace.flush()


async def _serve(
    under_way: _UnderWay, settings: dict[str, Any], on_stop: Callable[[], None]
) -> None:
    server = Server(
        under_way, interface=Interfaces.ASGINL, http=HTTPModes.http1, log_enabled=False,
        http1_settings=_HTTP1, **settings,
    )  # fmt: skip
    loop = asyncio.get_running_loop()

    def stop() -> None:
        on_stop()
        loop.call_soon(server.stop)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    log.info("listening on %s:%d", settings["address"], settings["port"])
    await server.serve()
    await under_way.wait_until_idle(GRACE_S)
    await asyncio.sleep(LAST_CALLS_S)


def _fix_malloc_thresholds() -> None:
    """Keep malloc from keeping what one login took: it would stay resident for good (22 MiB).

    By itself glibc takes the first large block that is freed as a sign to keep such blocks.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # not every C library has it
        mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)


def _refuse_taken(address: str, port: int) -> None:
    """Granian shares a port with whoever listens on it, and each would get half of the requests."""
    try:
        socket.create_server((address, port)).close()
    except OSError as error:
        raise errors.Unavailable(
            f"cannot listen on {address}:{port}: {error.strerror}; is another cloud up?"
        ) from error
