"""The rest of a large body, for a thread to read from the socket itself.

On the event loop each piece would be copied out of the loop's buffer, and the thread that wants it
woken. It refuses to know HTTP: how much is left, its maker says.
"""

import contextlib
import select
import socket
from collections.abc import Callable
from typing import Final

WORTH_BYTES: Final = 1 << 20  # less is as quickly read on the loop

# what came of a request's body and was not read, and the rest; None if that is not worth a socket
Lend = Callable[[], "tuple[list[bytes], BodySocket] | None"]


class BodySocket:
    """One thread reads until nothing is left or it wants no more; then the loop calls `close`.

    `left_bytes` of the body are still to come; `on_close` is told how many nobody has read.
    """

    def __init__(self, fd: int, *, left_bytes: int, on_close: Callable[[int], None]) -> None:
        self._socket = socket.socket(fileno=socket.dup(fd))
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        self.left_bytes = left_bytes
        self._on_close = on_close

    def read(self, size_bytes: int, *, wait_s: float) -> bytes:
        """Up to `size_bytes` of what is left, or what came of them within `wait_s`.

        Raises EOFError when the client went away.
        """
        wanted_bytes = min(size_bytes, self.left_bytes)
        # wake this thread once for all that is wanted, not for each packet
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, wanted_bytes)
        self._poll.poll(wait_s * 1e3)
        try:
            data = self._socket.recv(wanted_bytes)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise EOFError from error
        if not data:
            raise EOFError
        self.left_bytes -= len(data)
        return data

    def hang_up(self) -> None:
        """End the connection: whoever reads is told so. On the loop."""
        with contextlib.suppress(OSError):  # it is over already
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the connection back to the loop, on which this is called."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
        self._socket.close()
        self._on_close(self.left_bytes)
