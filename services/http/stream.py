"""Bodies between the event loop and threads: requests to read, answers to iterate, both bounded."""

import asyncio
import collections
import contextlib
import contextvars
import functools
import time
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import Final, TypeVar

import anyio
from starlette.types import Message, Receive

from appliance import errors
from services.http import threads
from services.http.wire.body_socket import BodySocket, Lend

BATCH_BYTES: Final = 2 << 20  # a thread hop (~0.1 ms) for so many costs less than hashing them does
PARTS_MAX: Final = 16  # messages of a batch that are worth a write of their own; more are joined
HANDLERS_MAX: Final = 16  # threads that answer requests: they wait for one SQLite lock, not for CPU
PATIENCE_S: Final = 0.05  # a small body comes with its head; a slower one takes a thread
STREAMS_MAX: Final = 32  # threads held by uploads for as long as their clients take
CROWDED_S: Final = 10.0  # silence that is borne while others wait for such a thread
_LOOKS: Final = 10  # looks in that time whether they do

T = TypeVar("T")


class Disconnected(errors.BadRequest):
    """The client went away, or fell silent, before its body was whole."""


class Silent(Disconnected):
    """The client sent nothing for too long."""


class BodyReader:
    """A request's body for a thread to read, made on the event loop.

    The next batch is awaited while the thread works on one: at most two batches and a message of
    the server's are in memory. What is left of a large body after the first of them the thread
    reads from the socket, if the server has one to lend.

    Raises Disconnected when the client goes away before the end, or sends nothing for `idle_s`; or
    only for `crowded_s`, if another waits for the thread.
    """

    def __init__(
        self,
        receive: Receive,
        *,
        length_bytes: int | None,
        idle_s: float,
        crowded_s: float = CROWDED_S,
        lend_socket: Lend | None = None,
    ) -> None:
        self._receive = receive
        self._idle_s = idle_s
        self._crowded_s = crowded_s
        self._lend_socket = lend_socket
        self._loop = asyncio.get_running_loop()
        self._next: asyncio.Task[list[bytes]] | None = None
        self._socket: BodySocket | None = None
        self._parts: collections.deque[bytes] = collections.deque()
        self._is_whole = False
        self._has_yielded = False
        self._next_look: asyncio.TimerHandle
        self.length_bytes = length_bytes
        self.received_bytes = 0

    def __length_hint__(self) -> int:
        return self.length_bytes or 0

    async def fetch(self, patience_s: float) -> bool:
        """Whether the whole body came meanwhile, so that no thread would wait for it."""
        with contextlib.suppress(TimeoutError, Disconnected):  # its reader will hear of that
            async with asyncio.timeout(patience_s):
                while not self._is_whole:
                    if part := self._part(await self._receive()):
                        self._parts.append(part)
        return self._is_whole

    def read(self, size_bytes: int = -1, /) -> bytes:
        """Up to `size_bytes` (all of it when negative); empty at the end."""
        if size_bytes < 0:
            return b"".join(iter(functools.partial(self.read, BATCH_BYTES), b""))
        if not self._parts:
            self._parts.extend(self._take())
        if not self._parts:
            return b""
        data = self._parts.popleft()
        if len(data) > size_bytes:
            self._parts.appendleft(data[size_bytes:])
            data = data[:size_bytes]
        return data

    def close(self) -> None:
        """Await nothing more: on the event loop, when the handler is done."""
        if self._next is not None:
            self._next.add_done_callback(_forget)
            self._next.cancel()
        if self._socket is not None:
            self._socket.close()

    def _take(self) -> list[bytes]:
        """The next batch, as it came; empty at the end."""
        if self._socket is not None:
            data = self._read(self._socket)
            return [data] if data else []
        if self._next is not None and self._next.done() and self._is_whole:
            batch, self._next = self._next, None
            return batch.result()
        if self._next is None and self._is_whole:
            return []
        return asyncio.run_coroutine_threadsafe(self._step(), self._loop).result()

    async def _step(self) -> list[bytes]:
        """The next batch, with the one after it on its way, or the socket to read it from."""
        batch, self._next = self._next or self._loop.create_task(self._batch()), None
        parts = await batch
        if self._is_whole:
            return parts
        lent = self._lend_socket() if self._lend_socket is not None else None
        if lent is None:
            self._next = self._loop.create_task(self._batch())
            return parts
        came, self._socket = lent
        self.received_bytes += sum(map(len, came))
        return [*parts, *came]

    async def _batch(self) -> list[bytes]:
        """Messages of half a batch at least, or up to the end; none of them empty."""
        parts: list[bytes] = []
        before_bytes = self.received_bytes
        try:
            async with asyncio.timeout(self._idle_s) as silence:
                self._next_look = self._loop.call_later(self._crowded_s, self._look, silence)
                while self.received_bytes - before_bytes < BATCH_BYTES // 2 and not self._is_whole:
                    parts.append(self._part(await self._receive()))
                    if not self._is_whole:
                        silence.reschedule(self._loop.time() + self._idle_s)
        except TimeoutError as error:
            raise self._silent() from error
        finally:
            self._next_look.cancel()
        return [part for part in parts if part] if len(parts) <= PARTS_MAX else [b"".join(parts)]

    def _look(self, silence: asyncio.Timeout) -> None:
        """End the silence early while another upload waits for a thread; look again if not."""
        heard = (silence.when() or 0.0) - self._idle_s
        if self._loop.time() - heard >= self._crowded_s and _must_yield():
            self._has_yielded = True
            silence.reschedule(self._loop.time())
        else:
            self._next_look = self._loop.call_later(self._crowded_s / _LOOKS, self._look, silence)

    def _read(self, body: BodySocket) -> bytes:
        """What comes next, from the socket; empty at the end."""
        heard_s = time.monotonic()
        while body.left_bytes:
            try:
                data = body.read(
                    BATCH_BYTES // 2, wait_s=min(self._idle_s, self._crowded_s) / _LOOKS
                )
            except EOFError as error:
                raise self._disconnected() from error
            if data:
                self.received_bytes += len(data)
                return data
            self._bear(time.monotonic() - heard_s)
        return b""

    def _bear(self, silence_s: float) -> None:
        """Raise Silent if it has lasted for too long, or another upload waits for this thread."""
        if silence_s >= self._crowded_s:
            must_yield = asyncio.run_coroutine_threadsafe(_find_must_yield(), self._loop)
            self._has_yielded = must_yield.result()
        if self._has_yielded or silence_s >= self._idle_s:
            raise self._silent()

    def _part(self, message: Message) -> bytes:
        if message["type"] == "http.disconnect":
            raise self._disconnected()
        self._is_whole = not message.get("more_body", False)
        body: bytes = message.get("body", b"")
        self.received_bytes += len(body)
        return body

    def _disconnected(self) -> Disconnected:
        of = "" if self.length_bytes is None else f" of {self.length_bytes}"
        return Disconnected(f"the client went away after {self.received_bytes}{of} bytes")

    def _silent(self) -> Silent:
        so_far = f"after {self.received_bytes} bytes"
        if self._has_yielded:
            text = f"the client sent nothing for {self._crowded_s:g} s, and others waited"
            return Silent(f"{text} {so_far}")
        return Silent(f"the client sent nothing for {self._idle_s:g} s {so_far}")


def _forget(task: "asyncio.Task[list[bytes]]") -> None:
    """Take the error of what nobody waited for."""
    if not task.cancelled():
        task.exception()


async def read_all(receive: Receive, *, length_bytes: int | None, limit_bytes: int) -> bytes:
    """A whole small body. Raises TooLarge over `limit_bytes`, Disconnected when it is cut off."""
    if (length_bytes or 0) > limit_bytes:
        raise errors.TooLarge(f"the body has {length_bytes} bytes, at most {limit_bytes} are read")
    body = bytearray()
    is_whole = False
    while not is_whole:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected(f"the client went away after {len(body)} bytes")
        body += message.get("body", b"")
        is_whole = not message.get("more_body", False)
        if len(body) > limit_bytes:
            raise errors.TooLarge(f"the body has more than {limit_bytes} bytes")
    return bytes(body)


# of each event loop: one a process, and many in its tests
_Pools = weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, threads.Threads]
_handlers: Final = _Pools()
_streams: Final = _Pools()


async def _find_must_yield() -> bool:
    return _must_yield()


def _must_yield() -> bool:
    """Whether an upload is to end, so that another has its thread."""
    pool = _streams.get(asyncio.get_running_loop())
    return pool is not None and pool.must_yield()


def in_thread(
    function: Callable[[], T],
    *,
    ctx: contextvars.Context | None = None,
    is_stream: bool = False,
    is_brief: bool = False,
) -> asyncio.Future[T]:
    """Run blocking `function` in a thread, in `ctx` or a copy of the caller's context.

    Streams have threads of their own, so that slow clients never keep others from being answered.
    What `is_brief` may wait for a commit with others.
    """
    kept = _streams if is_stream else _handlers
    loop = asyncio.get_running_loop()
    pool = kept.get(loop)
    if pool is None:
        pool = (
            threads.Threads("stream", STREAMS_MAX, is_eager=True)
            if is_stream
            else threads.Threads("handler", HANDLERS_MAX)
        )
        kept[loop] = pool
    inside = contextvars.copy_context() if ctx is None else ctx
    work = functools.partial(inside.run, function)
    return pool.run(work, is_brief=is_brief)


@contextlib.asynccontextmanager
async def opened(
    source: Iterator[bytes] | AsyncGenerator[bytes, None], ctx: contextvars.Context
) -> AsyncIterator[AsyncIterator[bytes]]:
    """An answer's body as the event loop wants it; `source` is closed whatever happens.

    A blocking one is advanced in threads, always inside the one context `ctx`: a slow reader holds
    no thread between two chunks.
    """
    if isinstance(source, AsyncGenerator):
        async with contextlib.aclosing(source):
            yield source
        return
    try:
        yield _chunks(source, ctx)
    finally:
        close = getattr(source, "close", None)
        if close is not None:
            with anyio.CancelScope(shield=True):
                await in_thread(close, ctx=ctx)


async def _chunks(source: Iterator[bytes], ctx: contextvars.Context) -> AsyncIterator[bytes]:
    advance = functools.partial(next, source, None)
    while True:
        with anyio.CancelScope(shield=True):  # it is closed by another thread only when it rests
            chunk = await in_thread(advance, ctx=ctx)
        if chunk is None:
            return
        yield chunk
