"""Consoles over HTTP: a guest's serial line as a stream of bytes, and what is typed into it.

The answer to GET begins at the place that `X-Console-Offset` says and goes on for as long as there
is a guest. It ends early for a reader that is too slow, who asks again from where it stopped
(`since`), and is told by the offset what it missed.
"""

import asyncio
import functools
import time
from collections.abc import AsyncGenerator
from typing import Final

from appliance import errors
from services.api.cloud.growth import Growth
from services.compute.api.consoles import Consoles, Opened
from services.http import endpoint, stream
from services.http.endpoint import Path, Reply, Request, path

_PIECE_BYTES: Final = 256 << 10
_PAUSE_S: Final = 0.008  # a guest that prints prints single bytes: so long they are gathered
_ALONE: Final = 4  # pieces that are passed on at once all the same: the echo of a key
_DIGITS_MAX: Final = 18  # of a place in a file
_RAW: Final = ("application/octet-stream",)
_TRUE: Final = ("", "1", "true", "yes")  # ?force alone is enough


class ConsoleRoutes:
    """The handlers, and the streams that are under way."""

    def __init__(self, verbs: Consoles) -> None:
        self._verbs = verbs
        self._growth: Growth | None = None
        self.is_closed = False

    def paths(self) -> tuple[Path, ...]:
        """The routes, as parts of `/novabox/v1`."""
        line = "/v1/consoles/{instance_id}"
        typed = endpoint.decoding(bytes, self.write, status=204, media_types=_RAW)
        return (
            path(line, GET=endpoint.endpoint(self.open)),
            path(f"{line}/input", POST=typed, DELETE=endpoint.endpoint(self.release, status=204)),
            path(f"{line}/break", POST=endpoint.endpoint(self.send_break, status=204)),
            path(
                f"{line}/ctrl-alt-del", POST=endpoint.endpoint(self.send_ctrl_alt_del, status=204)
            ),
        )

    def close(self) -> None:
        """End every stream; their readers go on at the next process. On the event loop."""
        self.is_closed = True
        if self._growth is not None:
            self._growth.wake_all()

    def is_followed(self) -> bool:
        """Whether anybody reads a console now."""
        return self._growth is not None and self._growth.is_watched()

    def open(self, request: Request) -> Reply:
        """GET /consoles/{id}: what was printed from `since` on, the last `tail` bytes of it at
        most, and then what is.
        """
        opened = self._verbs.open(
            request.ctx, request.path["instance_id"],
            since=_number(request, "since"), tail=_number(request, "tail"),
        )  # fmt: skip
        headers = {
            "X-Console-Offset": str(opened.place),
            "X-Console-End": str(opened.kept.end),  # up to here it had been printed before
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        }
        if opened.kept.boot is not None:
            headers["X-Console-Boot"] = str(opened.kept.boot)
        return Reply(
            body=self.follow(opened), headers=headers, content_type="application/octet-stream"
        )

    def write(self, request: Request, data: bytes) -> None:
        """POST /consoles/{id}/input: type the body; `force` takes the line from who writes.

        An empty body only opens the line, which QEMU takes up to a second to notice.
        """
        self._verbs.write(
            request.ctx, request.path["instance_id"], data,
            session=_session(request), is_forced=_is_forced(request),
        )  # fmt: skip

    def release(self, request: Request) -> None:
        """DELETE /consoles/{id}/input: let others write."""
        self._verbs.release(request.ctx, request.path["instance_id"], session=_session(request))

    def send_break(self, request: Request) -> None:
        """POST /consoles/{id}/break."""
        self._verbs.send_break(
            request.ctx, request.path["instance_id"],
            session=_session(request), is_forced=_is_forced(request),
        )  # fmt: skip

    def send_ctrl_alt_del(self, request: Request) -> None:
        """POST /consoles/{id}/ctrl-alt-del: on the guest's keyboard, which no serial line has."""
        self._verbs.send_ctrl_alt_del(
            request.ctx, request.path["instance_id"],
            session=_session(request), is_forced=_is_forced(request),
        )  # fmt: skip

    async def follow(self, opened: Opened) -> AsyncGenerator[bytes, None]:
        """The bytes from where the log was opened, until it is over or the reader too slow."""
        if self._growth is None:
            self._growth = Growth()
        watch, place = self._growth.watch(opened.fd), opened.place
        told_s, in_a_row = 0.0, 0
        try:
            while not self.is_closed:
                watch.clear()
                is_over = opened.is_over()
                read = functools.partial(opened.read, place, _PIECE_BYTES)
                piece = await stream.in_thread(read)
                if piece is None or (not piece and is_over):
                    return
                if piece:
                    in_a_row = in_a_row + 1 if time.monotonic() - told_s < 2 * _PAUSE_S else 0
                    place += len(piece)
                    yield piece
                    told_s = time.monotonic()
                    if in_a_row >= _ALONE and len(piece) < _PIECE_BYTES:
                        await asyncio.sleep(_PAUSE_S)
                else:
                    await watch.wait()
        finally:
            watch.close()
            opened.close()


def _number(request: Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    if text.isascii() and text.isdecimal() and len(text) <= _DIGITS_MAX:
        return int(text)
    raise errors.BadRequest(f"{name} {text[:40]!r} is no number of bytes")


def _session(request: Request) -> str:
    session = request.headers.get("X-Console-Session", "")
    if not session:
        raise errors.BadRequest("Say who writes: X-Console-Session, an id that you make up.")
    return session


def _is_forced(request: Request) -> bool:
    return request.query.get("force", "no").lower() in _TRUE
