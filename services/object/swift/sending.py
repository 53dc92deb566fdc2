"""An object as an answer: whole, in part, in several parts, or a refusal by a condition.

It refuses to know who may read it.
"""

from __future__ import annotations

import contextlib
import functools
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace

from services.http.endpoint import Reply, Request
from services.object import conditions, contents, headers, parts, refusals
from services.object.contents import Broken, Chunks, Content, Source
from services.object.refusals import Unexplained
from storage.objects.transfer import Download


def described(content: Content) -> dict[str, str]:
    """Return the headers of an object, without those that only we may see."""
    found = headers.of_object(content.record, etag=content.etag)
    return {name: value for name, value in found.items() if "-Sysmeta-" not in name}


def head(request: Request, content: Content, said: Mapping[str, str]) -> Reply:
    """Describe an object."""
    if refusal := _refusal(request, content, said):
        return replace(refusal, body=None)
    return Reply(headers={**said, "Content-Length": str(content.size_bytes)})


def send(
    request: Request,
    source: Source,
    content: Content,
    *,
    download: Download,
    said: Mapping[str, str],
) -> Reply:
    """Answer with an object's bytes; `download` is closed with them, or here if none are sent."""
    is_lent = False
    try:
        if refusal := _refusal(request, content, said):
            return refusal
        try:
            spans = conditions.spans(
                request.headers, size_bytes=content.size_bytes, etag=content.etag,
                ticks=content.record.timestamp,
            )  # fmt: skip
        except conditions.Unsatisfiable:
            return _unsatisfiable(content, said)
        if len(spans) > 1:
            return _send_parts(source, content, spans, said=said)
        start, stop = (spans[0].start, spans[0].stop) if spans else (0, content.size_bytes)
        found = {**said, "Content-Length": str(stop - start)}
        if spans:
            found["Content-Range"] = str(spans[0])
        is_short = stop - start <= contents.CHUNK_BYTES  # at once: no more thread hops
        body: bytes | Chunks
        if is_short and not content.is_large:
            body = contents.read(download, start, stop - start)
        else:
            is_lent = not content.is_large
            body = _chunks(source, content, start, stop, opened=download if is_lent else None)
            if is_short:
                with contextlib.closing(body), _conflicting():
                    body = b"".join(body)
        return Reply(body=body, status=206 if spans else 200, headers=found)
    finally:
        if not is_lent:
            download.close()


def _send_parts(
    source: Source, content: Content, spans: list[conditions.Span], *, said: Mapping[str, str]
) -> Reply:
    """Answer with several spans; each opens what it needs when its turn comes."""
    boundary = secrets.token_hex(16)
    body = parts.Multipart(
        [
            parts.Part(
                span=span,
                open=functools.partial(_chunks, source, content, span.start, span.stop),
            )
            for span in spans
        ],
        boundary=boundary,
        content_type=said["Content-Type"],
    )
    found = {**said, "Content-Length": str(body.size_bytes)}
    del found["Content-Type"]
    content_type = f"multipart/byteranges;boundary={boundary}"
    return Reply(body=body, status=206, headers=found, content_type=content_type)


def _chunks(
    source: Source,
    content: Content,
    start: int,
    stop: int,
    *,
    opened: Download | None = None,
) -> Chunks:
    """Return a span's bytes, the first segment open, and `opened` its own. Refuses one that is not
    what it was: 409.
    """
    segments = contents.cut(content.segments, start, stop)
    chunks = Chunks(source, segments, opened=opened)
    with contextlib.ExitStack() as undo, _conflicting():
        undo.callback(chunks.close)
        chunks.begin()
        undo.pop_all()
    return chunks


@contextlib.contextmanager
def _conflicting() -> Iterator[None]:
    try:
        yield
    except Broken as error:
        raise Unexplained(409, str(error)) from error


def _refusal(request: Request, content: Content, said: Mapping[str, str]) -> Reply | None:
    ticks = content.record.timestamp
    status = conditions.status(request.headers, etag=content.etag, ticks=ticks)
    if status == 200:
        return None
    kept = {name: said[name] for name in ("Etag", "Last-Modified", "X-Timestamp")}
    if status == 304:
        return Reply(status=304, headers=kept)
    return Reply(
        body=refusals.page(status), status=status, headers=kept, content_type=refusals.HTML
    )


def _unsatisfiable(content: Content, said: Mapping[str, str]) -> Reply:
    return Reply(
        body=refusals.page(416),
        status=416,
        headers={
            "Content-Range": f"bytes */{content.size_bytes}",
            "Accept-Ranges": "bytes",
            "Etag": said["Etag"],
        },
        content_type=refusals.HTML,
    )
