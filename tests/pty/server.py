"""`python -m tests.pty.server [--instances N]`: the tests' cloud on a loopback port.

It is the cloud of `tests.tui.fake_cloud`, with HTTP before it. Its first line says where it
listens; then each line on stdin is one command as JSON, `["put", "instance", {…}]`, a method
of `FakeCloud` or one of `_COMMANDS`, answered by one line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any, Final

import h11
import httpx2

from tests.pty import crowd
from tests.tui import box1
from tests.tui.fake_cloud import FakeCloud

_CHUNK: Final = 1 << 16


class Door:
    """Loopback HTTP/1.1 to the transport that the tests' clients call directly."""

    def __init__(self, cloud: FakeCloud) -> None:
        self._cloud = cloud

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection, one after the other."""
        wire = h11.Connection(h11.SERVER)
        try:
            while (request := await _request(wire, reader)) is not None:
                await self._answer(wire, writer, request)
                if wire.our_state is not h11.DONE or wire.their_state is not h11.DONE:
                    break
                wire.start_next_cycle()
        except (ConnectionError, h11.RemoteProtocolError):
            pass  # the client is gone, or was never one
        finally:
            writer.close()

    async def _answer(
        self, wire: h11.Connection, writer: asyncio.StreamWriter, request: httpx2.Request
    ) -> None:
        try:
            answer = await self._cloud.handle_async_request(request)
        except httpx2.ConnectError:
            return  # "down": the connection is closed without a word
        headers = [(key, value) for key, value in answer.headers.raw]
        writer.write(
            wire.send(h11.Response(status_code=answer.status_code, headers=headers)) or b""
        )
        async for part in _parts(answer):
            for at in range(0, len(part), _CHUNK):
                writer.write(wire.send(h11.Data(data=part[at : at + _CHUNK])) or b"")
                await writer.drain()
        writer.write(wire.send(h11.EndOfMessage()) or b"")
        await writer.drain()


async def _parts(answer: httpx2.Response) -> AsyncIterator[bytes]:
    """Yield the body: of one that is whole its bytes, of a stream what comes."""
    if answer.is_stream_consumed:
        yield answer.content
        return
    async for part in answer.aiter_raw():
        yield part


async def _request(wire: h11.Connection, reader: asyncio.StreamReader) -> httpx2.Request | None:
    """Read one request with its body; None at the end of the connection."""
    head: h11.Request | None = None
    body = b""
    while True:
        event = wire.next_event()
        if event is h11.NEED_DATA:
            wire.receive_data(await reader.read(_CHUNK))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            url = "http://cloud.test" + head.target.decode()
            headers = list(head.headers)
            return httpx2.Request(head.method.decode(), url, headers=headers, content=body)
        else:
            return None


async def _obey(cloud: FakeCloud) -> None:
    """Do what stdin says until it ends."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        name, *arguments = json.loads(line)
        has_fields = bool(arguments) and isinstance(arguments[-1], dict)
        fields: dict[str, Any] = arguments.pop() if has_fields else {}
        print(json.dumps(crowd.command(cloud, name, *arguments, **fields)), flush=True)


async def _main(instances: int, port: int) -> None:
    cloud = box1.build()
    crowd.add_instances(cloud, instances)
    server = await asyncio.start_server(Door(cloud).serve, "127.0.0.1", port)
    address = server.sockets[0].getsockname()
    cloud.root = f"http://127.0.0.1:{address[1]}"
    print(cloud.root, flush=True)
    await _obey(cloud)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.pty.server")
    parser.add_argument("--instances", type=int, default=0, help="beyond those of box1")
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    asyncio.run(_main(given.instances, given.port))
