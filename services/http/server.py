"""Serve an ASGI application until told to stop. The one place that names uvloop."""

import asyncio
import ctypes
import gc
import logging
import signal
from collections.abc import Callable
from typing import Final

import uvloop
from starlette.types import ASGIApp

from appliance import errors, trace
from services.http.wire.connection import Connection, Served

log = logging.getLogger(__name__)

GRACE_S: Final = 60.0  # uploads under way when the signal comes have this long to finish
YOUNG_MAX: Final = 20_000  # objects that the collector lets be: those of all requests under way
BACKLOG: Final = 1024  # connections that wait to be taken

# of glibc's malloc.h: parameters of mallopt
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_KEPT_BYTES: Final = 4 << 20  # several chunks of a stream; a login's 19 MiB of argon2 are above


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
    _fix_malloc_thresholds()
    gc.collect()
    gc.freeze()  # what is loaded by now stays: the collector need not go through it again and again
    gc.set_threshold(YOUNG_MAX, *gc.get_threshold()[1:])
    uvloop.run(_serve(app, address, port, on_stop=on_stop, has_websockets=has_websockets))
    trace.flush()


async def _serve(
    app: ASGIApp, address: str, port: int, *, on_stop: Callable[[], None], has_websockets: bool
) -> None:
    loop = asyncio.get_running_loop()
    served = Served(app=app, loop=loop, has_websockets=has_websockets)
    try:
        server = await loop.create_server(
            lambda: Connection(served), address, port, backlog=BACKLOG
        )
    except OSError as error:
        raise errors.Unavailable(
            f"cannot listen on {address}:{port}: {error.strerror}; is another cloud up?"
        ) from error
    is_told_to_stop = asyncio.Event()

    def stop() -> None:
        on_stop()
        is_told_to_stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    log.info("listening on %s:%d", address, port)
    looking = loop.create_task(served.look())
    await is_told_to_stop.wait()
    server.close()
    await served.stop(GRACE_S)
    looking.cancel()


def _fix_malloc_thresholds() -> None:
    """Keep malloc from keeping what one login took: it would stay resident for good (22 MiB).

    By itself glibc takes the first large block that is freed as a sign to keep such blocks.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # not every C library has it
        mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
