"""How long an answer from a stranger's server is read: its silence, its slowness, its length.

A server that sends a byte now and then, or heads without end, would hold a worker for ever: what it
sends is measured below the HTTP client, where nothing gets past.
"""

import functools
import http.client
import io
import socket
import time
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Limits of one answer. In any `window_s` of waiting at least `window_bytes` come."""

    silence_s: float = 30.0
    window_s: float = 60.0
    window_bytes: int = 60 << 10  # 1 KiB a second: a modem does more
    head_bytes_max: int = 256 << 10  # before the body begins; interim answers count
    body_bytes_max: int = 1 << 41  # chunks' own heads and trailers count


class Answer(http.client.HTTPResponse):
    """An answer that is read with patience; `begin` has read its head."""

    def __init__(
        self, sock: socket.socket, *arguments: Any, patience: Patience, **named: Any
    ) -> None:
        super().__init__(sock, *arguments, **named)
        self._raw = _Measured(self.fp.detach(), patience)
        self.fp = io.BufferedReader(self._raw)

    def begin(self) -> None:
        """Read the head."""
        super().begin()
        self._raw.begin_body()


def answering(patience: Patience) -> Any:
    """What makes answers of that patience, as `http.client` wants it."""
    return functools.partial(Answer, patience=patience)


class _Measured(io.RawIOBase):
    """A socket's raw file. Raises TimeoutError for what is too slow, OSError for too much."""

    def __init__(self, raw: io.RawIOBase, patience: Patience) -> None:
        self._inner = raw
        self._patience = patience
        self._left = patience.head_bytes_max
        self._what = "head"
        self._waited_s = 0.0
        self._got = 0

    def begin_body(self) -> None:
        self._left, self._what = self._patience.body_bytes_max, "body"

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        began = time.monotonic()
        count = self._inner.readinto(buffer)
        self._waited_s += time.monotonic() - began
        self._got += count or 0
        self._left -= count or 0
        if self._left < 0:
            raise OSError(f"its {self._what} does not end")
        if count and self._waited_s > self._patience.window_s:
            if self._got < self._patience.window_bytes:
                raise TimeoutError(f"only {self._got} bytes came in {self._waited_s:.0f} s")
            self._waited_s, self._got = 0.0, 0
        return count

    def close(self) -> None:
        self._inner.close()
        super().close()
