"""Publishers' servers: a small text, or a large file from anywhere in it; writes no file.

Certificates are always verified. Proxies and further authorities come from the environment, as
for any client of the web (HTTPS_PROXY, SSL_CERT_FILE).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import httpx2

from tui.client.errors import CutOff, NotServed

if TYPE_CHECKING:
    from types import TracebackType

_CONNECT_S: Final = 15.0
_SILENT_S: Final = 60.0  # a server that sends nothing for this long is as good as gone
_TEXT_BYTES_MAX: Final = 1 << 20  # the longest list of checksums that we know has 30 KB
_REDIRECTS_MAX: Final = 10
_RANGE: Final = re.compile(r"bytes (?P<first>\d+)-\d+/(?P<total>\d+|\*)")
_BEYOND: Final = re.compile(r"bytes \*/(?P<total>\d+)")
_TRY_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A file on its way: from which byte on, how long the whole of it is (None: not said)."""

    offset: int
    total_bytes: int | None
    pieces: AsyncIterator[bytes]


class Publisher:
    """Connections to publishers; ``silent_s`` is how long one may say nothing."""

    def __init__(self, *, silent_s: float = _SILENT_S) -> None:
        self._http = httpx2.AsyncClient(
            timeout=httpx2.Timeout(silent_s, connect=_CONNECT_S),
            follow_redirects=True,
            max_redirects=_REDIRECTS_MAX,
            headers={"User-Agent": "novabox", "Accept-Encoding": "identity"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def text(self, url: str) -> str:
        """Return a small text. It is trusted, so an https URL must not lead to a plain one.

        Raises NotServed or CutOff.
        """
        async with self._open(url, offset=0) as response:
            hops = [*response.history, response]
            if url.startswith("https:") and any(hop.url.scheme != "https" for hop in hops):
                raise NotServed(f"{url} leads to {response.url}, which is not https: refused")
            content = b""
            async for piece in response.aiter_bytes():
                content += piece
                if len(content) > _TEXT_BYTES_MAX:
                    raise NotServed(f"{url} is no list of checksums: it is over 1 MiB")
        return content.decode(errors="replace")

    @asynccontextmanager
    async def stream(self, url: str, *, offset: int) -> AsyncIterator[Stream]:
        """Open a file from ``offset`` on; a server that cannot begins at 0, and says so.

        The caller checks the bytes: they may come from a mirror, by plain HTTP. Raises NotServed,
        or CutOff: before the first byte, between pieces, or when the connection ends too early.
        """
        async with self._open(url, offset=offset) as response:
            first, total = _place(response, offset)
            yield Stream(offset=first, total_bytes=total, pieces=response.aiter_raw())

    @asynccontextmanager
    async def _open(self, url: str, *, offset: int) -> AsyncIterator[httpx2.Response]:
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        try:
            async with self._http.stream("GET", url, headers=headers) as response:
                _check(response)
                yield response
        except httpx2.TooManyRedirects as error:
            raise NotServed(f"{url} leads in circles: {_REDIRECTS_MAX} redirects") from error
        except httpx2.RequestError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise NotServed(f"{url}: its certificate is not trusted: {error}") from error
            raise CutOff(_words(error), what=url) from error


def _words(error: httpx2.RequestError) -> str:
    """Return a reason that says more than the library's own words."""
    match error:
        case httpx2.ConnectTimeout():
            return f"no connection within {_CONNECT_S:.0f} s"
        case httpx2.TimeoutException():
            return "nothing came for too long"
        case httpx2.RemoteProtocolError() | httpx2.ReadError():
            return "the server hung up"
    return str(error) or type(error).__name__


def _check(response: httpx2.Response) -> None:
    if response.status_code < 400 or response.status_code == 416:
        return
    said = f"{response.status_code} {response.reason_phrase}"
    if response.status_code in _TRY_AGAIN:
        raise CutOff(said, what=str(response.url))
    raise NotServed(f"{response.url}: {said}")


def _place(response: httpx2.Response, offset: int) -> tuple[int, int | None]:
    """Return where the answer begins, and how long the whole file is."""
    said = response.headers.get("Content-Range", "")
    if response.status_code == 416:  # nothing from there on: we have all of it, or too much
        beyond = _BEYOND.fullmatch(said)
        if beyond is None or int(beyond["total"]) != offset:
            raise CutOff(
                "the file is shorter than what came of it", what=str(response.url),
                must_restart=True,
            )  # fmt: skip
        return offset, offset
    if response.status_code != 206:
        length = response.headers.get("Content-Length")
        return 0, int(length) if length else None
    part = _RANGE.fullmatch(said)
    if part is None or int(part["first"]) != offset:
        raise NotServed(f"{response.url} answers with another part than was asked for: {said}")
    return offset, None if part["total"] == "*" else int(part["total"])
