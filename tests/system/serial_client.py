"""`python -m tests.system.serial_client URL TEXT WANTED`: type TEXT at a WebSocket, print what it
says until WANTED is in it. No library: RFC 6455 in the least form that a client may have.
"""

import base64
import os
import socket
import struct
import sys
from collections.abc import Callable
from urllib.parse import urlsplit

BINARY = 0x82  # a whole message


def main(url: str, text: str, wanted: str) -> None:
    """Exit with 1 when the other end closes before WANTED."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=60) as peer:
        key = base64.b64encode(os.urandom(16)).decode()
        peer.sendall(
            f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: binary\r\n\r\n".encode()
        )
        stream = peer.makefile("rb")
        status = stream.readline()
        while stream.readline().strip():
            pass
        if b" 101 " not in status:
            sys.exit(f"refused: {status.decode()}")
        mask, data = os.urandom(4), text.encode()
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))
        peer.sendall(struct.pack("!BB4s", BINARY, 0x80 | len(data), mask) + masked)
        said = b""
        while wanted.encode() not in said:
            said += _message(stream.read)
        print(said.decode(errors="replace"))


def _message(read: Callable[[int], bytes]) -> bytes:
    kind, size = read(2)
    if kind != BINARY:
        sys.exit(f"closed: {kind:#x}")
    if size == 126:
        (size,) = struct.unpack("!H", read(2))
    elif size == 127:
        (size,) = struct.unpack("!Q", read(8))
    return bytes(read(size))


if __name__ == "__main__":
    main(*sys.argv[1:])
