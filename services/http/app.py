"""The ASGI application: a request id and a hop for every request, and the face that answers it."""

import functools
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from appliance import context, errors, ids, trace
from services.http import access, answer, auth, clients, endpoint, faults, shortcut, stream
from services.http.headers import Headers

log = logging.getLogger(__name__)

REQUEST_ID_HEADER: Final = "X-Openstack-Request-Id"
_REQUEST_ID_NAME: Final = REQUEST_ID_HEADER.lower().encode()
_NO_SUCH_PATH: Final = "The resource could not be found."

Route = tuple[re.Pattern[str], Mapping[str, endpoint.Endpoint]]


class _NoSuchMethod(errors.NovaboxError):
    """The path is known, and this method is not among its endpoints."""

    status = 405

    def __init__(self, method: str, allowed: Sequence[str]) -> None:
        super().__init__(f"The method {method} is not allowed for this resource.")
        self.allowed = ", ".join(sorted(allowed))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mounted:
    """A face with its paths compiled, in the order of its table."""

    face: endpoint.Face
    routes: tuple[Route, ...]

    def match(self, path: str, method: str) -> tuple[endpoint.Endpoint, dict[str, str]]:
        """The endpoint of a request and the path's parameters. Raises NovaboxError: 404, 405."""
        if not self.face.keeps_slash and len(path) > 1:
            path = path.removesuffix("/")
        for pattern, endpoints in self.routes:
            found = pattern.match(path)
            if found is not None:
                return _of_method(endpoints, method), found.groupdict()
        raise _no_such_path()


class Application:
    """All faces of one process. `target` is its lane in a trace: `api`, `object`.

    `untraced` are requests that leave no hop, by how they begin (`GET /path`): event streams, the
    readers of traces, dry runs, keys that are typed.
    `sockets` answer WebSockets by their path, and find out themselves who asks.
    `version` says which state of the database there is: repeatable answers hold for one.
    """

    def __init__(
        self,
        faces: Sequence[endpoint.Face],
        *,
        login: auth.Login,
        target: str,
        limits: answer.Limits | None = None,
        untraced: tuple[str, ...] = (),
        version: Callable[[], int] | None = None,
        sockets: Mapping[str, ASGIApp] | None = None,
    ) -> None:
        nothing = endpoint.Face(prefix="", paths=(), fault=faults.novabox)
        by_length = sorted(faces, key=lambda face: len(face.prefix), reverse=True)
        self._mounted = [_mount(face) for face in (*by_length, nothing)]
        self._beginnings = [(each.face.prefix.rstrip("/") + "/", each) for each in self._mounted]
        self._login = login
        self._target = target
        self._limits = limits or answer.Limits()
        self._untraced = untraced
        self._shortcut = shortcut.Shortcut()
        self._solo = shortcut.Shortcut()
        self._sockets = sockets or {}
        self._given = version and answer.Given(version, entries_max=answer.GIVEN_MAX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] == "websocket":
            await self._sockets.get(scope["path"], _no_socket)(scope, receive, send)
            return
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        headers = Headers(scope)
        token = context.current.set(await self._context(headers))
        name = f"{scope['method']} {scope['path']}"
        try:
            if name.startswith(self._untraced):
                sender = _Sender(send, trace.Span(ids.new_hop_id()))
                await self._answer(scope, receive, sender, headers)
            else:
                await self._traced(scope, receive, send, headers, name=name)
        finally:
            context.current.reset(token)

    async def _context(self, headers: Headers) -> context.RequestContext:
        fresh = context.RequestContext.fresh(client=clients.name(headers.get("user-agent", "")))
        if trace.HEADER not in headers:
            return fresh
        return await stream.in_thread(lambda: auth.joined(headers, self._login, fresh))

    async def _traced(
        self, scope: Scope, receive: Receive, send: Send, headers: Headers, *, name: str
    ) -> None:
        request = context.current.get()
        source = (request.user_name if request else "") or "client"
        with trace.hop("http", name, source=source, target=self._target) as span:
            sender = _Sender(send, span)
            await self._answer(scope, receive, sender, headers)

    async def _answer(
        self, scope: Scope, receive: Receive, send: "_Sender", headers: Headers
    ) -> None:
        """The outermost frame: whatever is raised is answered in the face's own form."""
        mounted = self._find(scope["path"])
        try:
            target, parameters = mounted.match(scope["path"], scope["method"])
            await answer.run(
                scope, receive, send,
                headers=headers, target=target, parameters=parameters, limits=self._limits,
                rename=send.rename, count=send.count, given=self._given,
                shortcut=self._shortcut, solo=self._solo,
                login=access.checked(
                    self._login, mounted.face, method=scope["method"], path=scope["path"]
                ),
            )  # fmt: skip
        except Exception as error:
            if send.has_started:  # too late for another answer: cut it off, so that it shows
                log.exception("%s %s: failed half-way", scope["method"], scope["path"])
                raise
            fault = _fault(error, accept=headers.get("accept", ""))
            send.fail(fault.message)
            await _refusal(mounted.face, fault, error, scope, headers)(scope, receive, send)

    def _find(self, path: str) -> _Mounted:
        path += "/"
        for beginning, mounted in self._beginnings:
            if path.startswith(beginning):
                return mounted
        raise _no_such_path()


async def _no_socket(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close"})


class _Sender:
    """Sends an answer: adds the request id, and notes status and bytes on the hop."""

    def __init__(self, send: Send, span: trace.Span) -> None:
        self._send = send
        self._span = span
        self.has_started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_started = True
            request = context.current.get()
            request_id = request.request_id if request else ""
            message["headers"] = [*message["headers"], (_REQUEST_ID_NAME, request_id.encode())]
            self._span.note(status=message["status"])
        self.count(len(message.get("body", b"")))
        await self._send(message)

    def count(self, count_bytes: int) -> None:
        """Count bytes of a body on the hop, whichever way they went."""
        self._span.bytes = (self._span.bytes or 0) + count_bytes

    def rename(self, name: str) -> None:
        """Give the hop a truer name than method and path: the action that a body asks for."""
        self._span.rename(name)

    def fail(self, reason: str) -> None:
        """Say on the hop why the answer is a refusal."""
        self._span.fail(reason)


def _mount(face: endpoint.Face) -> _Mounted:
    routes = tuple((_pattern(face.prefix + line.path), line.endpoints) for line in face.paths)
    return _Mounted(face=face, routes=routes)


@functools.cache  # a process of tests opens hundreds of clouds, each with the same 280 paths
def _pattern(text: str) -> re.Pattern[str]:
    """The path as a pattern; what `:path` matches may hold line ends, as an object's name may."""
    return re.compile(compile_path(text)[0].pattern, re.DOTALL)


def _of_method(endpoints: Mapping[str, endpoint.Endpoint], method: str) -> endpoint.Endpoint:
    name = "GET" if method == "HEAD" and "HEAD" not in endpoints else method
    if name not in endpoints:
        raise _NoSuchMethod(method, list(endpoints))
    return endpoints[name]


def _no_such_path() -> errors.NovaboxError:
    error = errors.NotFound("path", "")
    error.args = (_NO_SUCH_PATH,)
    return error


def _fault(error: Exception, *, accept: str) -> faults.Fault:
    if isinstance(error, errors.NovaboxError):
        if error.status >= 500:
            log.warning("refused: %s", error)
        return faults.of(error, accept=accept)
    log.error("a handler failed", exc_info=error)
    text = f"Unexpected API Error: {type(error).__name__}. The log of the process says more."
    return faults.Fault(status=500, message=text, kind=type(error).__name__, accept=accept)


def _refusal(
    face: endpoint.Face, fault: faults.Fault, error: Exception, scope: Scope, headers: Headers
) -> Response:
    content_type, body = face.fault(fault)
    told = {"Content-Type": content_type}
    if isinstance(error, errors.NovaboxError):
        told |= error.headers
    if isinstance(error, _NoSuchMethod):
        told["Allow"] = error.allowed
    if fault.status == 401 and "WWW-Authenticate" not in told:
        origin = f"{scope['scheme']}://{headers.get('host', 'localhost')}"
        told["WWW-Authenticate"] = f'Keystone uri="{origin}/identity"'
    return Response(body, status_code=fault.status, headers=told)
