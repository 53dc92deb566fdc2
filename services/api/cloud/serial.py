"""Serial consoles as Nova gives them to its clients: a WebSocket, behind a URL that opens it once.

Source: Nova, console/serial.py, websocketproxy.py. Binary frames are the line's bytes, both ways.
"""

import functools
import logging
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

import anyio
from starlette.datastructures import QueryParams
from starlette.types import Receive, Scope, Send

from appliance import context, errors, policy
from services.api.cloud.consoles import ConsoleRoutes
from services.compute.api.consoles import INPUT_BYTES_MAX, Consoles
from services.http import stream

log = logging.getLogger(__name__)

PATH: Final = "/novabox/v1/serial"
TICKET_S: Final = 600.0  # Nova's consoleauth.token_ttl
_TICKETS_MAX: Final = 1000  # that wait to be used; the oldest go first
_PROTOCOL: Final = "binary"  # what Nova's clients offer
_REFUSED, _FAILED, _OVER = 1008, 1011, 1000  # RFC 6455, 7.4.1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ticket:
    ctx: context.RequestContext
    instance_id: str
    until_s: float


class SerialSockets:
    """Gives URLs out and answers at them (ASGI). Tickets last as long as the process."""

    def __init__(self, verbs: Consoles, routes: ConsoleRoutes) -> None:
        self._verbs = verbs
        self._routes = routes
        self._tickets: OrderedDict[str, _Ticket] = OrderedDict()

    def url(self, ctx: context.RequestContext, instance_id: str, *, origin: str) -> str:
        """A URL for one connection to the instance's console, made within ten minutes.

        Raises what `Consoles.open` raises: who may not, or has nothing to see, gets none.
        """
        policy.check(ctx, "os_compute_api:os-remote-consoles")
        self._verbs.open(ctx, instance_id).close()
        key = secrets.token_urlsafe(24)
        until_s = time.monotonic() + TICKET_S
        self._tickets[key] = _Ticket(ctx=ctx, instance_id=instance_id, until_s=until_s)
        while len(self._tickets) > _TICKETS_MAX:
            self._tickets.popitem(last=False)
        return f"ws{origin.removeprefix('http')}{PATH}?token={key}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection to its end."""
        await receive()
        ticket = self._tickets.pop(QueryParams(scope["query_string"]).get("token", ""), None)
        if ticket is None or ticket.until_s < time.monotonic():
            await send({"type": "websocket.close", "code": _REFUSED})
            return
        chosen = _PROTOCOL if _PROTOCOL in scope.get("subprotocols", ()) else None
        await send({"type": "websocket.accept", "subprotocol": chosen, "headers": []})
        code: int | None = None
        async with anyio.create_task_group() as both:

            async def type_until_it_goes() -> None:
                await self._type(ticket, receive, send)
                both.cancel_scope.cancel()

            both.start_soon(type_until_it_goes)
            code = await self._show(ticket, send)
            both.cancel_scope.cancel()
        if code is not None:
            await send({"type": "websocket.close", "code": code})

    async def _show(self, ticket: _Ticket, send: Send) -> int:
        """Send what the guest prints; with what code to close when it can print nothing more."""
        since: int | None = None
        while not self._routes.is_closed:
            try:
                opened = await stream.in_thread(
                    functools.partial(self._verbs.open, ticket.ctx, ticket.instance_id, since=since)
                )
            except errors.NovaboxError as error:
                log.info("instance %s: console: %s", ticket.instance_id, error)
                return _OVER if since is not None else _FAILED
            since = opened.place
            async for piece in self._routes.follow(opened):
                since += len(piece)
                await send({"type": "websocket.send", "bytes": piece})
        return _OVER

    async def _type(self, ticket: _Ticket, receive: Receive, send: Send) -> None:
        """Type what comes, until the client goes; why something was not typed is said to it."""
        session = secrets.token_urlsafe(12)
        while (message := await receive())["type"] != "websocket.disconnect":
            data = message.get("bytes") or (message.get("text") or "").encode()
            for at in range(0, len(data), INPUT_BYTES_MAX):
                try:
                    await stream.in_thread(
                        functools.partial(
                            self._verbs.write,
                            ticket.ctx,
                            ticket.instance_id,
                            data[at : at + INPUT_BYTES_MAX],
                            session=session,
                        )
                    )
                except errors.NovaboxError as error:
                    said = f"\r\n[novabox: {error}]\r\n".encode()
                    await send({"type": "websocket.send", "bytes": said})
