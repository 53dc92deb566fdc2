"""One endpoint's run: body → login → decode → handler, in a thread as a rule → answer.

What is raised on the way goes on to the application, which answers it.
"""

import contextvars
import functools
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from appliance import context, errors
from appliance.db.remembered import Remembered
from services.http import auth, endpoint, stream
from services.http.headers import Headers
from services.http.shortcut import Shortcut
from services.http.wire import extensions

SMALL_BYTES: Final = 256 << 10  # a body of so few is awaited without holding a thread
_EMPTY: frozenset[int] = frozenset({204, 304})
GIVEN_BYTES_MAX: Final = 32 << 10  # of an answer that may be given again
GIVEN_MAX: Final = 128  # answers: 4 MiB at most

Given = Remembered[endpoint.Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a body may cost: bytes of a decoded one, silence of a streamed one."""

    body_bytes_max: int = 1 << 20
    idle_s: float = 120.0


async def run(
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    headers: Headers,
    target: endpoint.Endpoint,
    parameters: Mapping[str, str],
    login: auth.Login,
    limits: Limits,
    rename: Callable[[str], None],
    count: Callable[[int], None],
    shortcut: Shortcut,
    solo: Shortcut,
    given: "Given | None" = None,
) -> None:
    """Answer one request by `target`. Raises whatever login, decoding or the handler raise.

    What is quick takes the `shortcut`; what takes as long as a commit goes `solo`, if nobody else
    is there to wait for it.
    """
    length_bytes = _length(headers)
    offered = scope.get("extensions", {})
    raw = b""
    content: stream.BodyReader | None = None
    is_stream = target.streams
    if target.streams:
        content = stream.BodyReader(
            receive, length_bytes=length_bytes, idle_s=limits.idle_s,
            lend_socket=offered.get(extensions.BODY_SOCKET),
        )  # fmt: skip
        if _is_small(length_bytes, headers):
            is_stream = not await content.fetch(stream.PATIENCE_S)
    elif target.body is not None:
        raw = await stream.read_all(
            receive, length_bytes=length_bytes, limit_bytes=limits.body_bytes_max
        )
        count(len(raw))
    # the handler and what it streams run in one context: a hop opened here is closed there
    ctx = contextvars.copy_context()
    make = functools.partial(
        _request, scope=scope, headers=headers, path=parameters, content=content, rename=rename
    )
    work = functools.partial(_call, target, make, raw, headers, login, given)
    query = scope["query_string"]
    is_brief = not is_stream and target.is_brief(query, headers)
    try:
        if content is None and shortcut.is_open and target.is_quick(parameters, query, headers):
            reply = await shortcut.take(functools.partial(ctx.run, work))
        elif is_brief and solo.is_open and offered.get(extensions.IS_ALONE, _never)():
            reply = solo.take_now(functools.partial(ctx.run, work))
        else:
            reply = await stream.in_thread(work, ctx=ctx, is_stream=is_stream, is_brief=is_brief)
    finally:
        if content is not None:
            content.close()
            count(content.received_bytes)
    await _send(reply, ctx, scope, receive, send)


def _is_small(length_bytes: int | None, headers: Headers) -> bool:
    """Whether a body is one of few bytes, or none at all (RFC 9112, 6.3)."""
    if length_bytes is None:
        return "transfer-encoding" not in headers
    return length_bytes <= SMALL_BYTES


def _never() -> bool:
    return False


def _call(
    target: endpoint.Endpoint,
    make: Callable[[context.RequestContext], endpoint.Request],
    raw: bytes,
    headers: Headers,
    login: auth.Login,
    given: "Given | None",
) -> endpoint.Reply:
    """The part that runs in a thread, with the caller as the current context."""
    nobody = context.current.get() or context.RequestContext()
    if target.identify is not None:
        request = make(nobody)
        request = replace(request, ctx=_caller(target.identify(request, raw), nobody))
    elif target.is_open:
        request = make(_caller(auth.visitor(headers, login), nobody))
    elif not target.is_public:
        request = make(_caller(auth.login(headers, login), nobody))
    else:
        request = make(nobody)
    if target.is_repeatable and given is not None:
        return _repeated(target, request, given)
    if target.body is None:
        answer = target.handler(request)
    else:
        _check_media_type(headers.get("content-type"), target.media_types)
        answer = target.handler(request, _decode(raw, target.body))
    return _reply(target, answer)


def _repeated(
    target: endpoint.Endpoint, request: endpoint.Request, given: "Given"
) -> endpoint.Reply:
    """The answer as it was given before, if nothing was written since."""
    key = (request.url_path, request.pairs, request.origin, request.token)
    version, reply = given.find(key)
    if reply is None:
        reply = _reply(target, target.handler(request))
        if isinstance(reply.body, bytes) and len(reply.body) <= GIVEN_BYTES_MAX:
            given.keep(key, reply, version=version)
    return reply


def _reply(target: endpoint.Endpoint, answer: Any) -> endpoint.Reply:
    """What a handler returned, with its body as bytes or a stream."""
    is_reply = isinstance(answer, endpoint.Reply)
    return _encoded(answer if is_reply else endpoint.Reply(body=answer, status=target.status))


def _caller(
    user: context.RequestContext, request: context.RequestContext
) -> context.RequestContext:
    """A request's user, who is the current context from here on."""
    ctx = request.by(user)
    context.current.set(ctx)  # in this request's own copy of the context: `run` made it
    return ctx


def _decode(raw: bytes, kind: Any) -> Any:
    if kind is bytes:
        return raw
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        raise errors.BadRequest(f"Invalid input: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise errors.BadRequest(f"The body is not JSON: {error}") from error


def _check_media_type(content_type: str | None, allowed: tuple[str, ...]) -> None:
    kind = (content_type or allowed[0]).partition(";")[0].strip().lower()
    if kind not in allowed:
        raise errors.UnsupportedMedia(
            f"Unsupported Content-Type {kind}: this reads {', '.join(allowed)}."
        )


def _encoded(reply: endpoint.Reply) -> endpoint.Reply:
    """The reply with None and values turned into bytes; iterators stay."""
    body, content_type = reply.body, reply.content_type
    if body is None or reply.status in _EMPTY:
        return replace(reply, body=b"")
    if isinstance(body, bytes | Iterator | AsyncGenerator):
        return reply
    encoded = msgspec.json.encode(body)
    return replace(reply, body=encoded, content_type=content_type or "application/json")


async def _send(
    reply: endpoint.Reply, ctx: contextvars.Context, scope: Scope, receive: Receive, send: Send
) -> None:
    is_head = scope["method"] == "HEAD"
    headers = dict(reply.headers)
    if reply.content_type:
        headers["Content-Type"] = reply.content_type
    if isinstance(reply.body, bytes):
        await _send_bytes(send, reply.status, headers, reply.body, is_head=is_head)
        return
    async with stream.opened(reply.body, ctx) as source:
        if is_head:
            await Response(status_code=reply.status, headers=headers)(scope, receive, send)
        else:
            await StreamingResponse(source, status_code=reply.status, headers=headers)(
                scope, receive, send
            )


async def _send_bytes(
    send: Send, status: int, headers: dict[str, str], body: bytes, *, is_head: bool
) -> None:
    """What Starlette's Response sends, which is made for more than every answer here needs."""
    raw = [
        (name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in headers.items()
    ]
    if status not in _EMPTY and b"content-length" not in dict(raw):
        raw.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if is_head else body})


def _request(
    ctx: context.RequestContext,
    *,
    scope: Scope,
    headers: Headers,
    path: Mapping[str, str],
    content: stream.BodyReader | None,
    rename: Callable[[str], None],
) -> endpoint.Request:
    query = scope["query_string"].decode("latin-1")
    return endpoint.Request(
        ctx=ctx,
        method=scope["method"],
        url_path=scope["path"],
        path=path,
        pairs=tuple(parse_qsl(query, keep_blank_values=True)) if query else (),
        headers=headers,
        origin=f"{scope['scheme']}://{headers.get('host') or 'localhost'}",
        content=content,
        token=headers.get(auth.TOKEN_HEADER, ""),
        client_ip=(scope.get("client") or ("",))[0],
        raw_path=scope.get("raw_path", b"").decode("latin-1"),
        rename=rename,
    )


def _length(headers: Headers) -> int | None:
    text = headers.get("content-length")
    if text is None:
        return None
    if not text.isdecimal():
        raise errors.BadRequest(f"Content-Length {text!r} is no number of bytes.")
    return int(text)
