"""HTTP as stores speak it: connections, bodies as chunks, and the network's troubles as ours.

Knows no store's verbs, and neither tokens nor signatures.
"""

import contextlib
import http.client
import ssl
import urllib.parse
from collections.abc import Iterator
from typing import Final

from storage.images import store

TIMEOUT_S: Final = 60.0  # of silence: an object store syncs a whole image before it answers
SAID_BYTES_MAX: Final = 64 << 10  # of an answer that is no image: larger ones are of no store


def connect(
    url: str, *, tls: ssl.SSLContext | None = None, timeout_s: float = TIMEOUT_S
) -> http.client.HTTPConnection:
    """A connection to a URL's host, opened with the first request; `tls` instead of the system's
    certificates.
    """
    parts, block = urllib.parse.urlsplit(url), store.CHUNK_BYTES
    if parts.scheme == "https":
        return http.client.HTTPSConnection(
            parts.netloc, timeout=timeout_s, context=tls, blocksize=block
        )
    return http.client.HTTPConnection(parts.netloc, timeout=timeout_s, blocksize=block)


@contextlib.contextmanager
def reaching(what: str) -> Iterator[None]:
    """Raise as StoreUnreachable what the network says to `what` is asked inside."""
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        raise store.StoreUnreachable(f"{what}: {str(error) or type(error).__name__}") from error


def chunks(
    opened: contextlib.ExitStack, answer: http.client.HTTPResponse, what: str
) -> Iterator[bytes]:
    """An answer's body; `opened` is closed in the end, whatever happens."""
    with opened:
        while chunk := answer.read(store.CHUNK_BYTES):
            yield chunk
        if answer.length:
            raise store.StoreUnreachable(f"{what} broke off, {answer.length} bytes early")


def said(answer: http.client.HTTPResponse) -> str:
    """The text of a small answer."""
    return answer.read(SAID_BYTES_MAX).decode("utf-8", "replace")


def byte_range(offset: int, length: int | None) -> dict[str, str]:
    """The header that asks for a part; none for all."""
    if not offset and length is None:
        return {}
    last = "" if length is None else str(offset + length - 1)
    return {"Range": f"bytes={offset}-{last}"}
