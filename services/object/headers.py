"""Swift's headers: what a client says in them, and what it is told.

Values travel and are stored as the bytes that came, one character a byte (latin-1), so that any
encoding comes back as it was sent.
"""

from __future__ import annotations

import datetime
import email.utils
import functools
import mimetypes
import re
import time
from collections.abc import Iterable, Mapping
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
OBJECT_HEADERS: Final = {
    name.lower(): name
    for name in (
        "Cache-Control",
        "Content-Disposition",
        "Content-Encoding",
        "Content-Language",
        "Expires",
        "X-Object-Manifest",
        "X-Robots-Tag",
    )
}
CONTAINER_HEADERS: Final = (
    "X-Container-Read",
    "X-Container-Write",
    "X-Versions-Location",
    "X-History-Location",
)
ACCOUNT_HEADERS: Final = (
    "X-Account-Access-Control",
    "X-Account-Quota-Bytes",
    "X-Account-Quota-Count",
)
# Only who owns the account sees and sets these (Swift's swift_owner_headers).
PRIVILEGED: Final = frozenset(
    {
        "X-Account-Access-Control",
        "X-Account-Meta-Temp-Url-Key",
        "X-Account-Meta-Temp-Url-Key-2",
        "X-Container-Meta-Temp-Url-Key",
        "X-Container-Meta-Temp-Url-Key-2",
        "X-Container-Read",
        "X-Container-Write",
    }
)
TRUE: Final = frozenset({"true", "1", "yes", "on", "t", "y"})  # Swift's config_true_value
TYPE_DEFAULT: Final = "application/octet-stream"
POLICY: Final = "Policy-0"
# What listings show of an object besides its row is kept in its content type, as Swift keeps a
# large object's size there: `text/plain;swift_bytes=1000`.
SIZE_MARK: Final = "swift_bytes"
ETAG_MARK: Final = "swift_slo_etag"
LINK_MARK: Final = "swift_link"
S3_MARK: Final = "s3_etag"  # the other face's
_MARKS: Final = frozenset({SIZE_MARK, ETAG_MARK, LINK_MARK, S3_MARK})
_MARKED: Final = re.compile(r";\s*(?:swift_|s3_)", re.IGNORECASE)
_S3: Final = "X-Object-Sysmeta-S3-"


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
    return found | _own_headers(
        headers, CONTAINER_HEADERS if kind == "Container" else ACCOUNT_HEADERS
    )


def check_all(old: Mapping[str, str], changes: Mapping[str, str | None], kind: str) -> None:
    """Refuse changes after which an account or container would have too much metadata: 400."""
    prefix = f"X-{kind}-Meta-"
    after = {**old, **changes}
    constraints.check_metadata(
        {
            name.removeprefix(prefix): value
            for name, value in after.items()
            if name.startswith(prefix) and value is not None
        }
    )


def system(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return what an object's metadata has that no client sets: a POST leaves it."""
    return {name: value for name, value in metadata.items() if "-Sysmeta-" in name}


def visible(metadata: Mapping[str, str], *, is_owner: bool) -> dict[str, str]:
    """Return an account's or a container's metadata as a caller may see it."""
    return {
        name: value
        for name, value in metadata.items()
        if "-Sysmeta-" not in name and (is_owner or name not in PRIVILEGED)
    }


def attributes(
    headers: Mapping[str, str], name: str, *, old: ObjectRecord | None = None
) -> Attributes:
    """Return what a request says of an object, or of a copy of `old`."""
    metadata = object_metadata(headers)
    if old is not None and headers.get("x-fresh-metadata", "").lower() != "true":
        # what the other face keeps there is of that one object: its version, its list, its lock
        kept = {k: v for k, v in old.metadata.items() if not k.startswith(_S3)}
        metadata = kept | metadata
    old_type = plain_type(old.content_type) if old else guess_type(name)
    said_type = _said_type(headers.get("content-type", ""))
    if headers.get("x-detect-content-type", "").lower() in TRUE:
        said_type = guess_type(name)
    return Attributes(
        content_type=said_type or old_type,
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
    kept = {name: low[key] for key, name in OBJECT_HEADERS.items() if low.get(key)}
    return kept | {OBJECT_META + name: value for name, value in user.items()}


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
    return ("." in name and mimetypes.guess_type(name)[0]) or TYPE_DEFAULT


def is_marked(content_type: str) -> bool:
    """Return whether a content type may have marks in it."""
    return _MARKED.search(content_type) is not None


def plain_type(content_type: str) -> str:
    """Return a content type as its owner wrote it, without our marks."""
    if not is_marked(content_type):
        return content_type
    parts = content_type.split(";")
    return ";".join(part for part in parts if part.partition("=")[0] not in _MARKS)


def marks(content_type: str) -> dict[str, str]:
    """Return the marks in a content type by name."""
    if not is_marked(content_type):
        return {}
    parts = (part.partition("=") for part in content_type.split(";"))
    return {name: value for name, _, value in parts if name in _MARKS}


def marked(content_type: str, **said: object) -> str:
    """Return a content type with marks, in place of any it has."""
    return plain_type(content_type) + "".join(f";{name}={value}" for name, value in said.items())


def of_account(info: AccountInfo, *, is_owner: bool = True) -> dict[str, str]:
    """Return the headers that describe an account."""
    counts = {
        "Container-Count": str(info.container_count),
        "Object-Count": str(info.object_count),
        "Bytes-Used": str(info.bytes_used),
    }
    by_policy = counts if info.container_count else {}  # there is one policy, so all is its own
    return {
        **{f"X-Account-{name}": count for name, count in counts.items()},
        **{f"X-Account-Storage-Policy-{POLICY}-{name}": n for name, n in by_policy.items()},
        "X-Timestamp": timestamps.format_ticks(info.timestamp),
        **visible(info.metadata, is_owner=is_owner),
    }


def of_container(info: ContainerInfo, *, is_owner: bool = True) -> dict[str, str]:
    """Return the headers that describe a container."""
    return {
        "X-Container-Object-Count": str(info.object_count),
        "X-Container-Bytes-Used": str(info.bytes_used),
        "X-Timestamp": timestamps.format_ticks(info.timestamp),
        "Last-Modified": http_date(info.timestamp),
        "X-Storage-Policy": POLICY,
        **visible(info.metadata, is_owner=is_owner),
    }


def of_object(record: ObjectRecord, *, etag: str) -> dict[str, str]:
    """Return the headers that describe an object."""
    expiry = {} if record.delete_at is None else {"X-Delete-At": str(record.delete_at)}
    return {
        "Content-Type": plain_type(record.content_type),
        **of_version(record, etag=etag),
        "Accept-Ranges": "bytes",
        **expiry,
        **record.metadata,
    }


def of_version(record: ObjectRecord, *, etag: str) -> dict[str, str]:
    """Return the headers that say which version of an object it is."""
    return {
        "Etag": etag,
        "Last-Modified": http_date(record.timestamp),
        "X-Timestamp": timestamps.format_ticks(record.timestamp),
    }


def http_date(ticks: int) -> str:
    """Write ticks as HTTP does, rounded up to a second as Swift does."""
    return _http_second(whole_seconds(ticks))


@functools.lru_cache(maxsize=1024)
def _http_second(seconds: int) -> str:
    return email.utils.formatdate(seconds, usegmt=True)


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


def _said_type(text: str) -> str:
    """Return a client's content type without parameters that only we may write."""
    if not is_marked(text):
        return text
    parts = text.split(";")
    return ";".join(part for part in parts if not is_marked(f";{part}"))


def _own_headers(headers: Mapping[str, str], names: Iterable[str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name in names:
        if f"x-remove-{name.lower().removeprefix('x-')}" in headers:
            found[name] = None
        elif (value := headers.get(name.lower())) is not None:
            found[name] = value or None
    return found
