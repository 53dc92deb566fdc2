"""Images from the web: only from hosts that an image may come from.

A user names the URL, and this host can reach what its users cannot: its own services, the metadata
addresses, the network behind it. So the address is looked at after the name is resolved, the
connection goes to just that address, and each redirect is looked at again (Glance's import
filtering, and against DNS rebinding).
"""

import contextlib
import http.client
import ipaddress
import socket
import ssl
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from appliance import config, errors
from services.image import addresses
from services.image.patience import Patience, answering

REDIRECTS_MAX: Final = 5
CHUNK_BYTES: Final = (
    256 << 10
)  # at most: a read gives what has come, so that a slow one is heard of
_ADDRESSES_MAX: Final = 4  # that are tried; each may be silent for a while
_URL_CHARS_MAX: Final = 2048  # a signed URL of a large cloud has some 1,500
_PORTS: Final = {"http": 80, "https": 443}
_PART_OR_ALL: Final = (HTTPStatus.PARTIAL_CONTENT, HTTPStatus.OK)  # no server must know ranges
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a URL answered: how long it says to be, and its bytes."""

    size_bytes: int | None
    chunks: Generator[bytes]


def check(url: str, settings: config.Image) -> SplitResult:
    """The parts of a URL that images may come from, as far as its text tells.

    Raises BadRequest, in Glance's words.
    """
    try:
        parts = urlsplit(url)
        port = _PORTS.get(parts.scheme) if parts.port is None else parts.port
    except ValueError as error:
        raise _refused(url, "it is no URL") from error
    if len(url) > _URL_CHARS_MAX:
        raise _refused(url, f"it has over {_URL_CHARS_MAX} characters")
    if parts.scheme not in _PORTS:
        raise _refused(url, "only http and https are known")
    if not parts.hostname or parts.username is not None or parts.password is not None:
        raise _refused(url, "it has no host, or a login in it")
    if any(ord(letter) <= 32 or ord(letter) == 127 for letter in url):
        raise _refused(url, "it has blanks or control characters in it")
    if str(port) not in settings.download_ports:
        raise _refused(url, f"its port is none of {', '.join(settings.download_ports)}")
    if settings.download_hosts and parts.hostname not in settings.download_hosts:
        raise _refused(url, "its host is not among image.download_hosts")
    with contextlib.suppress(ValueError):
        _check_address(url, ipaddress.ip_address(parts.hostname), parts.hostname, settings)
    return parts


def open_page(
    url: str,
    settings: config.Image,
    *,
    offset: int = 0,
    length: int | None = None,
    patience: Patience | None = None,
) -> Page:
    """The bytes at a URL from `offset`, `length` of them or all, following redirects.

    Raises BadRequest for what `check` refuses, NotFound, StoreError when the host does not answer
    as it should; also in the middle, when the bytes break off.
    """
    part, patience = _part(offset, length), patience or Patience()
    for _ in range(REDIRECTS_MAX + 1):
        with contextlib.ExitStack() as opened:
            answer = _get(opened, url, check(url, settings), settings, part=part, patience=patience)
            if answer.status in _REDIRECTS:
                url = urljoin(url, answer.getheader("Location") or "")
                continue
            if answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
                raise errors.NotFound("image source", url[:300])
            if answer.status not in (_PART_OR_ALL if part else (HTTPStatus.OK,)):
                raise errors.StoreError(f"{url[:300]} answered {answer.status} {answer.reason}")
            _check_encoding(url, answer)
            is_part = answer.status == HTTPStatus.PARTIAL_CONTENT
            if is_part:
                _check_part(url, answer, offset=offset)
            size, chunks = answer.length, _chunks(opened.pop_all(), answer, url)
            next(chunks)
            if part and not is_part:
                size, chunks = length, _cut(chunks, url, offset=offset, length=length)
                next(chunks)
            return Page(size_bytes=size, chunks=chunks)
    raise errors.BadRequest(f"{url[:300]}: more than {REDIRECTS_MAX} redirects")


def _get(
    opened: contextlib.ExitStack,
    url: str,
    parts: SplitResult,
    settings: config.Image,
    *,
    part: dict[str, str],
    patience: Patience,
) -> http.client.HTTPResponse:
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    with _translated(url):
        found = _resolve(url, host, port, settings)
        connection = _Pinned(
            host, port, found=found, is_tls=parts.scheme == "https", patience=patience
        )
        opened.callback(connection.close)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers={"Accept-Encoding": "identity"} | part)
        return connection.getresponse()


def _part(offset: int, length: int | None) -> dict[str, str]:
    """The header that asks for a part; none for all."""
    if not offset and length is None:
        return {}
    return {"Range": f"bytes={offset}-{'' if length is None else offset + length - 1}"}


def _check_encoding(url: str, answer: http.client.HTTPResponse) -> None:
    """Raise StoreError for bytes that are not the image's own: `identity` was asked for."""
    encoding = answer.getheader("Content-Encoding") or "identity"
    if encoding.strip().lower() != "identity":
        raise errors.StoreError(f"{url[:300]} sends its bytes encoded, as {encoding[:50]}")


def _check_part(url: str, answer: http.client.HTTPResponse, *, offset: int) -> None:
    """Raise StoreError for another part than the one asked for."""
    told = answer.getheader("Content-Range") or ""
    if not told.startswith(f"bytes {offset}-"):
        raise errors.StoreError(f"{url[:300]} sends the part {told[:50]!r}, not from {offset}")


class _Pinned(http.client.HTTPConnection):
    """A connection to one of these addresses, whatever its host's name resolves to now."""

    def __init__(
        self, host: str, port: int, *, found: list[str], is_tls: bool, patience: Patience
    ) -> None:
        super().__init__(host, port, timeout=patience.silence_s)
        self.response_class = answering(patience)
        self.default_port = _PORTS["https" if is_tls else "http"]  # it is not told to the host
        self._found = found
        self._is_tls = is_tls

    def connect(self) -> None:
        """Open it, and over TLS see that the host is who it says."""
        self.sock = self._connected()
        if self._is_tls:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)

    def _connected(self) -> socket.socket:
        """To the first that answers: of two kinds of address one may have no way there."""
        *others, last = self._found
        for address in others:
            with contextlib.suppress(OSError):
                return socket.create_connection((address, self.port), self.timeout)
        return socket.create_connection((last, self.port), self.timeout)


def _resolve(url: str, host: str, port: int, settings: config.Image) -> list[str]:
    """The host's addresses. Raises BadRequest when an image may not come from one of them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for *_, place in found:
        _check_address(url, ipaddress.ip_address(place[0]), host, settings)
    return [str(place[0]) for *_, place in found[:_ADDRESSES_MAX]]


def _check_address(
    url: str,
    address: addresses.Address,
    host: str,
    settings: config.Image,
) -> None:
    if host in settings.download_hosts:
        return  # an operator has said that images may come from there
    if not addresses.is_public(address):
        raise _refused(url, "its address is not a public one")


def _chunks(
    opened: contextlib.ExitStack, answer: http.client.HTTPResponse, url: str
) -> Generator[bytes]:
    """Yields once, empty: a generator that was begun closes its connection when it is closed."""
    left = answer.length  # None: the end is told by the last chunk, or by the connection's
    with opened, _translated(url):
        yield b""
        while chunk := answer.read1(CHUNK_BYTES if left is None else min(left, CHUNK_BYTES)):
            left = None if left is None else left - len(chunk)
            yield chunk
        if left:
            raise errors.StoreError(f"{url[:300]} broke off, {left} bytes early")


def _cut(
    chunks: Generator[bytes], url: str, *, offset: int, length: int | None
) -> Generator[bytes]:
    """The part, of a server that sends all. Yields once, empty, as `_chunks`."""
    skip, left = offset, length
    with contextlib.closing(chunks):
        yield b""
        for chunk in chunks:
            piece, skip = chunk[skip:][:left], max(skip - len(chunk), 0)
            left = None if left is None else left - len(piece)
            if piece:
                yield piece
            if left == 0:
                return
        if left:
            raise errors.StoreError(f"{url[:300]} ended, {left} bytes early")


@contextlib.contextmanager
def _translated(url: str) -> Iterator[None]:
    try:
        yield
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        raise errors.StoreError(f"{url[:300]}: {str(error) or type(error).__name__}") from error


def _refused(url: str, why: str) -> errors.BadRequest:
    return errors.BadRequest(f"URI for web-download does not pass filtering: {url[:300]} ({why})")
