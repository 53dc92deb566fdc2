"""The keys of a bucket with all their versions, in order: the bucket and its shelf read as one.

It refuses to know how a listing shows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from services.object import versions
from services.object.bucket import Bucket
from services.object.versions import Version
from storage.objects.listing import Query, after_prefix
from storage.objects.store import ObjectStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of a listing of versions: one of them, or (without) a prefix that keys share."""

    key: str
    version: Version | None = None
    is_latest: bool = False


def entries(
    store: ObjectStore, bucket: Bucket, asked: Query, *, version_marker: str = ""
) -> Iterator[Entry]:
    """Every version, or common prefix, after the markers: keys in order, the newest first.

    Without a version marker no version of the marker's key is shown again.
    """
    prefix, marker = asked.prefix, asked.marker
    lower = max(prefix, marker if version_marker else after(marker) if marker else "")
    if marker and asked.delimiter and marker.endswith(asked.delimiter) and not version_marker:
        lower = after_prefix(marker) or lower  # all below that common prefix was shown
    walk = Walk(store, bucket, prefix=prefix, lower=lower)
    is_after = not version_marker
    while (key := walk.next_key()) is not None:
        if subdir := asked.subdir(key):
            yield Entry(key=subdir)
            walk.leap(after_prefix(subdir))
            continue
        is_newest = True
        for version in versions.history(store, bucket, key):
            # an older one is not the latest where Swift's face removed what was current
            is_latest = is_newest and (version.is_current or version.is_marker)
            if is_after or key != marker:
                yield Entry(key=key, version=version, is_latest=is_latest)
            elif version.id == version_marker:
                is_after = True
            is_newest = False
        walk.leap(after(key))


class Walk:
    """A walk from `lower` on, over keys with a prefix."""

    def __init__(self, store: ObjectStore, bucket: Bucket, *, prefix: str, lower: str) -> None:
        self._store = store
        self._bucket = bucket
        self._prefix = prefix
        self._lower: str | None = lower

    def next_key(self) -> str | None:
        """The first key from where the walk is; None at the end."""
        if self._lower is None:
            return None
        query = _From(prefix=self._prefix, lower=self._lower, limit=1)
        bucket = self._bucket
        rows = self._store.list_container(bucket.account, bucket.name, query=query)
        shelved = versions.page_of_shelf(self._store, bucket, query)
        keys = [row.name for row in rows] + [row.name.partition("\0")[0] for row in shelved]
        return min(keys, default=None)

    def leap(self, lower: str | None) -> None:
        """Go on from there."""
        self._lower = lower


def after(key: str) -> str:
    """Where the keys after one begin. They hold no NUL: U+0001 is next to it."""
    return key + "\x01"


@dataclass(frozen=True, kw_only=True)
class _From(Query):
    """A listing from that name on, itself included."""

    lower: str

    def span(self) -> tuple[str, str | bytes]:
        """As a query's, but not before `lower`."""
        lower, upper = Query.span(self)
        return max(lower, self.lower), upper
