"""Objects as one caller may read them: links are followed, and every container is asked.

It looks like the store to whoever only reads (`contents`), so that the segments of a large object
are asked for as the object itself is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from services.object import bucket as buckets
from services.object import versions
from services.object.bucket import NULL, Bucket
from services.object.refusals import Refused
from services.object.swift import access, symlinks
from services.object.swift.access import Caller, Deed
from storage.objects.container import Listed
from storage.objects.listing import Query, Subdir
from storage.objects.object_file import ObjectName, ObjectRecord
from storage.objects.store import ObjectStore
from storage.objects.transfer import Download

VERSION_ID: Final = "X-Object-Version-Id"


class Reading:
    """A store seen by one caller."""

    def __init__(self, store: ObjectStore, caller: Caller) -> None:
        self._store = store
        self._caller = caller

    def open(
        self, name: ObjectName, *, is_link: bool = False, version_id: str = ""
    ) -> tuple[ObjectName, Download]:
        """Open what a name stands for, and say what that is; with `is_link`, a link itself.

        With `version_id`, what it was when it had that id. Refuses who may not read it, and a link
        that leads nowhere or too far: 409.
        """
        etag = ""
        for _ in range(symlinks.LINKS_MAX + 1):
            access.check(self._store, self._caller, Deed.READ_OBJECT, name=name)
            download = self._opened(name, version_id)
            version_id = ""  # where a link leads, what is current counts
            metadata = download.record.metadata
            if is_link or not symlinks.is_link(metadata):
                break
            download.close()
            etag = etag or metadata.get(symlinks.TARGET_ETAG, "")
            name = symlinks.target(name, metadata)
        else:
            raise Refused(
                409,
                f"Too many levels of symbolic links, maximum allowed is {symlinks.LINKS_MAX}",
            )
        if etag and etag != download.record.etag:
            download.close()
            raise Refused(
                409,
                f"Object Etag {download.record.etag!r} does not match "
                f"{symlinks.TARGET_ETAG} header {etag!r}",
            )
        return name, download

    def _opened(self, name: ObjectName, version_id: str) -> Download:
        if not version_id:
            return self._store.get_object(name)
        bucket = buckets.find(self._store, name.account, name.container)
        check_versioned(bucket, version_id)
        version = versions.find(self._store, bucket, name.name, version_id)
        if version is None or version.is_marker:
            gone = Refused(404)
            gone.headers = {VERSION_ID: version_id} if version is not None else {}
            raise gone
        download = self._store.get_object(version.name)
        record = replace(download.record, name=name.name, timestamp=version.modified)
        download.record = record  # as when it was current
        return download

    def get_object(self, name: ObjectName) -> Download:
        """Open an object's bytes, wherever its name leads. Raises as the store does."""
        return self.open(name)[1]

    def head_object(self, name: ObjectName) -> ObjectRecord:
        """Return what is known of an object, wherever its name leads. Raises as the store does."""
        with self.get_object(name) as download:
            return download.record

    def list_container(
        self, account: str, container: str, *, query: Query
    ) -> list[Listed | Subdir]:
        """Return a page of names whose objects may be read. Raises as the store does."""
        access.check(
            self._store, self._caller, Deed.READ_OBJECT, name=ObjectName(account, container, "")
        )
        return self._store.list_container(account, container, query=query)


def check_versioned(bucket: Bucket, version_id: str) -> None:
    """Refuse to speak of versions where there never were any: 400. `null` is what is there."""
    if not bucket.versioning and version_id != NULL:
        raise Refused(400, "version-aware operations require that the container is versioned")
