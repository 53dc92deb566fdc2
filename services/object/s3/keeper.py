"""What the store does by itself for S3: parts that nobody needs, and lifecycle rules.

One round may be cut off at any point and be done again. It refuses to know when it is called.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress

from services.object import bucket as buckets
from services.object import garbage, locks, versions
from services.object.bucket import RESELLER_PREFIX, UPLOADS, Bucket, uploads_of
from services.object.s3 import lifecycle, multipart
from services.object.s3.lifecycle import Rule
from services.object.s3.refusals import Refused
from storage.objects import errors as stored
from storage.objects.container import Listed
from storage.objects.listing import Query
from storage.objects.object_file import ObjectName
from storage.objects.store import ObjectStore

_PAGE = 1000

log = logging.getLogger(__name__)


def once(store: ObjectStore, *, now: float) -> int:
    """Remove what is due in every bucket; return how many objects, versions and parts."""
    count = garbage.sweep(store, now=now)
    for account, container in store.catalog.accounts.containers():
        if account.startswith(UPLOADS):
            count += _forget_uploads(store, account.removeprefix(UPLOADS), container)
        if not account.startswith(RESELLER_PREFIX):
            continue
        with suppress(stored.NotFound):
            bucket = buckets.find(store, account, container)
            if rules := lifecycle.rules_of(bucket):
                count += _apply(store, bucket, rules, now=now)
    return count


def _forget_uploads(store: ObjectStore, account: str, container: str) -> int:
    """End the uploads to a bucket that is no more: Swift's face may have deleted it."""
    try:
        store.head_container(account, container)
    except stored.ContainerNotFound:
        return multipart.forget_all(store, account, container)
    return 0


def _apply(store: ObjectStore, bucket: Bucket, rules: list[Rule], *, now: float) -> int:
    count = 0
    for row in _rows(store, bucket.object("")):
        if _may_be_due(row, rules, now=now):
            count += _expire_current(store, bucket, row.name, rules, now=now)
    if bucket.versioning:
        for key in dict.fromkeys(row.name.partition("\0")[0] for row in _shelf(store, bucket)):
            count += _expire_old(store, bucket, key, rules, now=now)
    for row in _rows(store, uploads_of(bucket.account, bucket.name)):
        count += _abort(store, bucket, row, rules, now=now)
    if count:
        log.info("bucket %s: lifecycle rules removed %d", bucket.name, count)
    return count


def _may_be_due(row: Listed, rules: list[Rule], *, now: float) -> bool:
    """Whether a rule's time has come for a row, whatever its filter says."""
    return any(
        (due := lifecycle.expires_at(rule, row.timestamp)) is not None and due <= now
        for rule in rules
    )


def _expire_current(
    store: ObjectStore, bucket: Bucket, key: str, rules: list[Rule], *, now: float
) -> int:
    version = versions.find(store, bucket, key)
    if version is None or not any(
        lifecycle.is_for(rule, key, version)
        and (due := lifecycle.expires_at(rule, version.modified)) is not None
        and due <= now
        for rule in rules
    ):
        return 0
    written = version.record.written

    def is_the_same(current: versions.Version | None) -> None:
        if current is None or current.record.written != written:
            raise Refused("PreconditionFailed")

    with suppress(Refused):
        versions.delete(store, bucket, key, condition=is_the_same)
        return 1
    return 0


def _expire_old(
    store: ObjectStore, bucket: Bucket, key: str, rules: list[Rule], *, now: float
) -> int:
    """Versions that something newer has replaced long enough, and markers over nothing."""
    known = list(versions.history(store, bucket, key))
    current = known[0] if known and known[0].is_current else None
    shelved = known[1:] if current is not None else known
    count, newer = 0, [current] if current is not None else []
    if current is None and len(shelved) == 1 and shelved[0].is_marker:
        wanted = [rule for rule in rules if rule["is_marker_removed"] or rule["days"]]
        if any(key.startswith(rule["prefix"]) for rule in wanted):
            return _remove(store, bucket, key, shelved[0], now=now)
    for version in shelved:
        if newer and any(
            lifecycle.is_for(rule, key, version)
            and rule["old_days"]
            and len(newer) > rule["old_kept"]
            and lifecycle.after(newer[-1].modified, rule["old_days"]) <= now
            for rule in rules
        ):
            count += _remove(store, bucket, key, version, now=now)
        else:
            newer.append(version)
    return count


def _remove(
    store: ObjectStore, bucket: Bucket, key: str, version: versions.Version, *, now: float
) -> int:
    if locks.held(version.record.metadata, now=now) is not None:
        return 0
    versions.delete(store, bucket, key, version_id=version.id)
    return 1


def _abort(
    store: ObjectStore, bucket: Bucket, row: Listed, rules: list[Rule], *, now: float
) -> int:
    key, _, upload_id = row.name.partition("\0")
    for rule in rules:
        due = lifecycle.after(row.timestamp, rule["stale_days"])
        if rule["stale_days"] and key.startswith(rule["prefix"]) and due <= now:
            multipart.forget(store, bucket.object(key), upload_id)
            return 1
    return 0


def _shelf(store: ObjectStore, bucket: Bucket) -> Iterator[Listed]:
    marker = ""
    while page := versions.page_of_shelf(store, bucket, Query(marker=marker, limit=_PAGE)):
        yield from page
        marker = page[-1].name


def _rows(store: ObjectStore, where: ObjectName) -> Iterator[Listed]:
    """The rows of a container; none when it is not there."""
    marker = ""
    while True:
        query = Query(marker=marker, limit=_PAGE)
        try:
            page = store.list_container(where.account, where.container, query=query)
        except stored.ContainerNotFound:
            return
        yield from (row for row in page if isinstance(row, Listed))
        if len(page) < _PAGE:
            return
        marker = page[-1].name
