"""Fetches images through the Image API over HTTP, as the user `nova`. Knows no store and no cache.

Streams: an image is never held in memory. The trace goes along in a header.
"""

import contextlib
import http.client
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from appliance import config, keystone, trace
from appliance.errors import NotFound, StoreError, Unavailable
from appliance.ids import ImageId

CHUNK_BYTES: Final = 1 << 20  # larger ones copy no faster
TIMEOUT_S: Final = 60.0  # of silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What never changes of an active image; the algorithm as hashlib and Glance name it."""

    disk_format: str
    hash_algorithm: str
    hash_value: str
    command_line: str = ""  # the image property os_command_line


Source = tuple[Facts, Iterable[bytes]]
Fetch = Callable[[ImageId], contextlib.AbstractContextManager[Source]]


class Glance:
    """The Image API of this cloud; safe for threads."""

    def __init__(self, settings: config.Settings) -> None:
        self._settings = settings
        self._session = keystone.Session(settings, "nova")

    @contextlib.contextmanager
    def fetch(self, image_id: ImageId) -> Iterator[Source]:
        """Open the image: its facts, and its bytes as they come.

        Raises NotFound, Unavailable when trying again may help, StoreError when it will not.
        """
        with trace.hop("stream", "image", target="glance", image=image_id) as span:
            path = f"/image/v2/images/{image_id}"
            with contextlib.closing(self._get(image_id, path)) as answer:
                facts = _facts(image_id, json.loads(answer.read()))
            with contextlib.closing(self._get(image_id, f"{path}/file")) as body:
                yield facts, _chunks(image_id, body, span)

    def _get(self, image_id: ImageId, path: str) -> http.client.HTTPResponse:
        token = self._session.token()
        answer = self._send(path, token)
        if answer.status == http.HTTPStatus.UNAUTHORIZED:
            answer.close()  # the cloud has new keys
            self._session.invalidate(token)
            answer = self._send(path, self._session.token())
        return _granted(image_id, path, answer)

    def _send(self, path: str, token: keystone.Token) -> http.client.HTTPResponse:
        """The answer, whatever its status; it is the caller's to close."""
        api = self._settings.api
        connection = http.client.HTTPConnection(api.address, api.port, timeout=TIMEOUT_S)
        headers = {"X-Auth-Token": token.id, "Connection": "close", **trace.header()}
        try:
            connection.request("GET", path, headers=headers)
            return connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise Unavailable(f"GET {self._settings.api_url}{path}: {error!r}") from error


def _facts(image_id: ImageId, image: dict[str, Any]) -> Facts:
    if image["status"] != "active":
        raise StoreError(f"image {image_id} is {image['status']}, not active: it has no data")
    has_multihash = bool(image.get("os_hash_value"))
    return Facts(
        disk_format=image["disk_format"],
        hash_algorithm=image["os_hash_algo"] if has_multihash else "md5",
        hash_value=image["os_hash_value"] if has_multihash else image["checksum"],
        command_line=image.get("os_command_line", ""),
    )


def _chunks(image_id: ImageId, body: http.client.HTTPResponse, span: trace.Span) -> Iterator[bytes]:
    expected_bytes, seen_bytes = body.length, 0
    while chunk := _read(image_id, body):
        seen_bytes += len(chunk)
        span.moved(len(chunk), total_bytes=expected_bytes)
        yield chunk
    if expected_bytes is not None and seen_bytes != expected_bytes:
        raise Unavailable(
            f"image {image_id}: the stream broke off after {seen_bytes} of {expected_bytes} bytes"
        )


def _read(image_id: ImageId, body: http.client.HTTPResponse) -> bytes:
    try:
        return body.read(CHUNK_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"image {image_id}: the stream broke off: {error!r}") from error


def _granted(
    image_id: ImageId, path: str, answer: http.client.HTTPResponse
) -> http.client.HTTPResponse:
    if answer.status == http.HTTPStatus.OK:
        return answer
    with contextlib.closing(answer):
        if answer.status == http.HTTPStatus.NOT_FOUND:
            raise NotFound("image", image_id)
        may_help = answer.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR
        kind = Unavailable if may_help else StoreError
        raise kind(f"image {image_id}: GET {path}: {_said(answer)}")


def _said(answer: http.client.HTTPResponse) -> str:
    text = answer.read(1000).decode("utf-8", "replace")
    return f"{answer.status} {answer.reason}: {text}"
