"""The bytes of an image: upload, download, part of them."""

import re
from typing import Final

from appliance import errors
from appliance.model.image import ImageStatus
from services.http import endpoint
from services.http.endpoint import Reader, Reply, Request, path
from services.image.api import Images

_BINARY: Final = "application/octet-stream"
_WHOLE: Final = (ImageStatus.ACTIVE, ImageStatus.DEACTIVATED)  # their bytes are all there
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class RangeNotSatisfiable(errors.NovaboxError):
    """The part asked for is not there; text and header have the size (RFC 9110, 15.5.17)."""

    status = 416

    def __init__(self, wanted: str, size_bytes: int) -> None:
        super().__init__(f"The range {wanted} is not in the image's {size_bytes} bytes.")
        self.headers = {"Content-Range": f"bytes */{size_bytes}"}


def paths(verbs: Images) -> tuple[endpoint.Path, ...]:
    """Under `/image`."""
    each = _Face(verbs)
    return (
        path(
            "/v2/images/{image_id}/file",
            GET=endpoint.endpoint(each.download),
            PUT=endpoint.endpoint(each.upload, status=204, streams=True),
        ),
    )


def content(request: Request) -> Reader:
    """The bytes that a request brings. Raises UnsupportedMedia when it calls them otherwise."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _BINARY or request.content is None:
        raise errors.UnsupportedMedia(f"Image data is sent as {_BINARY}, not {kind or 'bare'}.")
    return request.content


def store(request: Request) -> str | None:
    """The store that a request names for the bytes; None: the one for new images."""
    return request.headers.get("x-image-meta-store") or None


class _Face:
    def __init__(self, verbs: Images) -> None:
        self._verbs = verbs

    def upload(self, request: Request) -> None:
        self._verbs.upload(
            request.ctx, request.path["image_id"], content(request), store=store(request)
        )

    def download(self, request: Request) -> Reply:
        image = self._verbs.show(request.ctx, request.path["image_id"])
        if image.status not in _WHOLE or image.size_bytes is None:
            return Reply(status=204)
        offset, length = _part(request.headers.get("range"), image.size_bytes)
        is_whole = length == image.size_bytes
        headers = {"Content-Length": str(length), "Accept-Ranges": "bytes"}
        if is_whole and image.checksum_md5:
            headers["Content-MD5"] = image.checksum_md5
        if not is_whole:
            last = offset + length - 1
            headers["Content-Range"] = f"bytes {offset}-{last}/{image.size_bytes}"
        chunks = self._verbs.download(
            request.ctx, image, offset=offset, length=None if is_whole else length
        )
        return Reply(
            status=200 if is_whole else 206, body=chunks, headers=headers, content_type=_BINARY
        )


def _part(text: str | None, size_bytes: int) -> tuple[int, int]:
    """Offset and length of the part that a Range header means; no header, or one of another kind,
    means all. Raises RangeNotSatisfiable.
    """
    match = _RANGE.fullmatch(text or "")
    if match is None or match.groups() == ("", ""):
        return 0, size_bytes
    first, last = match.groups()
    if first:
        start, end = int(first), min(int(last or size_bytes), size_bytes - 1)
    else:
        start, end = max(size_bytes - int(last), 0), size_bytes - 1
    if start > end:
        raise RangeNotSatisfiable(text or "", size_bytes)
    return start, end - start + 1
