"""Endpoints as values: what a face is made of. A face is a table of paths; nothing here runs.

A handler is a plain synchronous function of a Request (and of its decoded body) to an answer: it
runs in a thread, raises our errors, and knows no web framework.
"""

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from appliance import context
from services.http import faults
from services.http.headers import Headers

JSON: Final = ("application/json",)


class Reader(Protocol):
    """A request body to be read by a thread."""

    @property
    def length_bytes(self) -> int | None:
        """What Content-Length said; None when the body is chunked."""
        ...

    def read(self, size_bytes: int = -1, /) -> bytes:
        """Up to `size_bytes`; empty at the end. Raises Disconnected when the client went away."""
        ...


def _forget(_: str) -> None:
    """What renames nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a handler is told. `path` has the route's parameters, `origin` is `http://host:port`."""

    ctx: context.RequestContext
    method: str
    url_path: str
    path: Mapping[str, str]
    pairs: tuple[tuple[str, str], ...]  # the query, every occurrence in order
    headers: Mapping[str, str]  # names in any case
    origin: str
    content: Reader | None = None  # only of an endpoint that `streams`
    token: str = ""
    client_ip: str = ""
    raw_path: str = ""  # as it stood in the request line, percent signs and all
    rename: Callable[[str], None] = _forget  # the request's hop in the trace

    @property
    def query(self) -> dict[str, str]:
        """The query; of a name given twice, the last value."""
        return dict(self.pairs)


Body = bytes | Iterator[bytes] | AsyncGenerator[bytes, None] | Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer that is more than a body.

    `body`: None is empty; bytes go as they are; an iterator of bytes is streamed (a blocking one is
    advanced in threads, and closed whatever happens); everything else becomes JSON.
    """

    body: Body = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = ""

    def saying(self, headers: Mapping[str, str]) -> "Reply":
        """The same with these headers too."""
        return Reply(
            body=self.body, status=self.status, headers={**self.headers, **headers},
            content_type=self.content_type,
        )  # fmt: skip


def never_brief(_query: bytes, _headers: Headers) -> bool:
    """Say of every request that it may take long."""
    return False


def never_quick(_path: Mapping[str, str], _query: bytes, _headers: Headers) -> bool:
    """Say of every request that a thread is worth its price."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A handler and what must hold before it is called; made by `endpoint`."""

    handler: Callable[..., Any]
    body: Any = None
    streams: bool = False
    status: int = 200
    is_public: bool = False  # whether it is answered without a token
    is_open: bool = False  # whether anybody may come: a token says who it is, and nothing must
    identify: "Identify | None" = None  # who asks, where no token says it
    media_types: tuple[str, ...] = JSON
    is_repeatable: bool = False
    is_brief: "Brief" = never_brief
    is_quick: "Quick" = never_quick


# whether a request, once its body is there, takes hardly longer than a commit (`threads`)
Brief = Callable[[bytes, Headers], bool]
# whether a request without a body is answered in less time than the way to a thread takes and back
Quick = Callable[[Mapping[str, str], bytes, Headers], bool]
# the caller of a request and its body, by its signature; raises what the face answers
Identify = Callable[[Request, bytes], context.RequestContext]

B = TypeVar("B")


def endpoint(
    handler: Callable[[Request], Any],
    *,
    status: int = 200,
    is_public: bool = False,
    is_open: bool = False,
    streams: bool = False,
    is_repeatable: bool = False,
    is_brief: Brief = never_brief,
    is_quick: Quick = never_quick,
) -> Endpoint:
    """An endpoint without a decoded body. Answers `status` unless the handler returns a Reply.

    One that `is_repeatable` answers by its path, query, token and the database alone: the same
    request is answered the same, without the handler, until something is written.

    Who asks is known by then (unless `is_public`; with `is_open` it may be nobody); what they may
    do is for the verbs and `appliance.policy` to say. With `streams` the handler reads the body
    from `request.content`.
    """
    return Endpoint(
        handler=handler, status=status, is_public=is_public, is_open=is_open, streams=streams,
        is_repeatable=is_repeatable, is_brief=is_brief, is_quick=is_quick,
    )  # fmt: skip


def decoding(
    body: type[B],
    handler: Callable[[Request, B], Any],
    *,
    status: int = 200,
    is_public: bool = False,
    media_types: tuple[str, ...] = JSON,
) -> Endpoint:
    """An endpoint whose JSON body is decoded into `body` (a msgspec Struct) before it is called.

    A body that is not JSON, or not a `body`, is answered 400; too large 413; of a media type that
    is not among `media_types` 415.
    """
    return Endpoint(
        handler=handler, body=body, status=status, is_public=is_public, media_types=media_types
    )


def signed(
    handler: Callable[[Request, bytes], Any], identify: Identify, *, media_types: tuple[str, ...]
) -> Endpoint:
    """An endpoint that is given its whole body as it came, and whose caller `identify` finds."""
    return Endpoint(handler=handler, body=bytes, identify=identify, media_types=media_types)


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A path and its endpoint for each method; parameters as in `/images/{image_id}`."""

    path: str
    endpoints: Mapping[str, Endpoint]


def path(text: str, **endpoints: Endpoint) -> Path:
    """One line of a face's table: `path("/images", GET=endpoint(...), POST=decoding(...))`."""
    return Path(path=text, endpoints=endpoints)


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """One API: everything under `prefix`, with its own form of an error."""

    prefix: str
    paths: tuple[Path, ...]
    fault: faults.Formatter
    service_types: tuple[str, ...] = ()  # in the catalog: how access rules name it
    keeps_slash: bool = False  # whether `/images/` is another path than `/images`
