"""Swift's headers: what a client says in them, and what it is told.

Values travel and are stored as the bytes that came, one character a byte (latin-1), so that any
encoding comes back as it was sent.
"""

from __future__ import annotations

import datetime
import email.utils
import functools
import mimetypes
import time
from collections.abc import Mapping
from typing import Final

from services.object import constraints
from services.object.refusals import Refused
from storage.objects import timestamps
from storage.objects.container import ContainerInfo
from storage.objects.object_file import ObjectRecord
from storage.objects.store import AccountInfo
from storage.objects.transfer import Attributes

OBJECT_META: Final = "X-Object-Meta-"
# Swift's allowed_headers, with the manifest of a dynamic large object (proxy/server.py).
OBJECT_HEADERS: Final = (
    "Cache-Control",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Expires",
    "X-Object-Manifest",
    "X-Robots-Tag",
)
CONTAINER_HEADERS: Final = (
    "X-Container-Read",
    "X-Container-Write",
    "X-Container-Sync-Key",
    "X-Container-Sync-To",
    "X-Versions-Location",
    "X-History-Location",
)
TYPE_DEFAULT: Final = "application/octet-stream"
# Swift keeps a large object's size in the content type of its manifest's row, for listings.
SWIFT_BYTES: Final = ";swift_bytes="


def changes(headers: Mapping[str, str], kind: str) -> dict[str, str | None]:
    """Return the metadata that a request sets (None: removes) on an `Account` or `Container`.

    An empty value removes, as X-Remove-… does.
    """
    user: dict[str, str | None] = {}
    prefix, remove = f"x-{kind.lower()}-meta-", f"x-remove-{kind.lower()}-meta-"
    for name, value in headers.items():
        low = name.lower()
        if low.startswith(remove):
            user.setdefault(low.removeprefix(remove).title(), None)
        elif low.startswith(prefix):
            user[low.removeprefix(prefix).title()] = value or None
    constraints.check_metadata({name: value or "" for name, value in user.items()})
    found = {f"X-{kind}-Meta-{name}": value for name, value in user.items()}
    if kind == "Container":
        found |= _container_headers(headers)
    return found


def attributes(
    headers: Mapping[str, str], name: str, *, old: ObjectRecord | None = None
) -> Attributes:
    """Return what a request says of an object, or of a copy of `old`."""
    metadata = object_metadata(headers)
    if old is not None and headers.get("x-fresh-metadata", "").lower() != "true":
        metadata = dict(old.metadata) | metadata
    old_type = old.content_type.partition(SWIFT_BYTES)[0] if old else guess_type(name)
    return Attributes(
        content_type=headers.get("content-type") or old_type,
        metadata=metadata,
        delete_at=delete_at(headers),
    )


def object_metadata(headers: Mapping[str, str]) -> dict[str, str]:
    """Return an object's metadata headers, checked, in their usual spelling."""
    low = {name.lower(): value for name, value in headers.items()}
    prefix = OBJECT_META.lower()
    user = {
        name.removeprefix(prefix).title(): value
        for name, value in low.items()
        if name.startswith(prefix)
    }
    constraints.check_metadata(user)
    kept = {name: low[name.lower()] for name in OBJECT_HEADERS if low.get(name.lower())}
    return kept | {OBJECT_META + name: value for name, value in user.items() if value}


def delete_at(headers: Mapping[str, str]) -> int | None:
    """Return when an object is to expire, in seconds since 1970. Refuses the past."""
    text, kind, base = headers.get("x-delete-after"), "X-Delete-After", int(time.time())
    if not text:
        text, kind, base = headers.get("x-delete-at"), "X-Delete-At", 0
    if not text:
        return None
    if not text.isascii() or not text.isdigit():
        raise Refused(400, f"Non-integer {kind}")
    if (moment := base + int(text)) <= time.time():
        raise Refused(400, f"{kind} in past")
    return moment


def guess_type(name: str) -> str:
    """Return the content type that a name suggests."""
    return mimetypes.guess_type(name)[0] or TYPE_DEFAULT


def of_account(info: AccountInfo) -> dict[str, str]:
    """Return the headers that describe an account."""
    return {
        "X-Account-Container-Count": str(info.container_count),
        "X-Account-Object-Count": str(info.object_count),
        "X-Account-Bytes-Used": str(info.bytes_used),
        "X-Timestamp": timestamps.format_ticks(info.timestamp),
        **info.metadata,
    }


def of_container(info: ContainerInfo) -> dict[str, str]:
    """Return the headers that describe a container."""
    return {
        "X-Container-Object-Count": str(info.object_count),
        "X-Container-Bytes-Used": str(info.bytes_used),
        "X-Timestamp": timestamps.format_ticks(info.timestamp),
        "Last-Modified": http_date(info.timestamp),
        "X-Storage-Policy": "Policy-0",
        **info.metadata,
    }


def of_object(record: ObjectRecord, *, etag: str) -> dict[str, str]:
    """Return the headers that describe an object."""
    expiry = {} if record.delete_at is None else {"X-Delete-At": str(record.delete_at)}
    return {
        "Content-Type": record.content_type.partition(SWIFT_BYTES)[0],
        "Etag": etag,
        "Last-Modified": http_date(record.timestamp),
        "X-Timestamp": timestamps.format_ticks(record.timestamp),
        "Accept-Ranges": "bytes",
        **expiry,
        **record.metadata,
    }


def http_date(ticks: int) -> str:
    """Write ticks as HTTP does, rounded up to a second as Swift does."""
    return email.utils.formatdate(whole_seconds(ticks), usegmt=True)


def whole_seconds(ticks: int) -> int:
    """Return ticks as seconds since 1970, rounded up."""
    return -(-ticks // timestamps.TICKS_PER_SECOND)


def iso_date(ticks: int) -> str:
    """Write ticks as listings do: 2010-09-28T20:29:16.567890."""
    seconds, rest = divmod(ticks, timestamps.TICKS_PER_SECOND)
    return f"{_iso_second(seconds)}.{rest * 10:06d}"


@functools.lru_cache(maxsize=1024)  # the rows of a page were often written within seconds
def _iso_second(seconds: int) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.isoformat(timespec="seconds").removesuffix("+00:00")


def parse_http_date(text: str) -> int | None:
    """Return an HTTP date in seconds since 1970, or None if it is none."""
    try:
        return int(email.utils.parsedate_to_datetime(text).timestamp())
    except (TypeError, ValueError):
        return None


def _container_headers(headers: Mapping[str, str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name in CONTAINER_HEADERS:
        if f"x-remove-{name.lower().removeprefix('x-')}" in headers:
            found[name] = None
        elif (value := headers.get(name.lower())) is not None:
            found[name] = value or None
    return found
