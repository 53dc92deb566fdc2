"""How an object comes in or goes out: who may, how much room there is, and what was there before.

Every way of writing (PUT, COPY, a form, an archive, a list of names) goes through here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Self

from services.object import bucket as buckets
from services.object import constraints, encryption, locks, stripes, versions
from services.object.bucket import NULL, Bucket
from services.object.refusals import Refused
from services.object.swift import access, history, quotas
from services.object.swift.access import Caller, Deed
from services.object.swift.reading import VERSION_ID, check_versioned
from services.object.versions import Version
from storage import blobs
from storage.objects import errors as stored
from storage.objects.object_file import ObjectName, ObjectRecord
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes, Download, Upload


class Incoming:
    """An object's bytes on their way in: an upload that ends where the room does.

    Left without `commit`, nothing remains.
    """

    def __init__(
        self,
        store: ObjectStore,
        upload: Upload,
        *,
        room_bytes: int | None,
        bucket: Bucket,
        must_be_new: bool,
    ) -> None:
        self._store = store
        self._upload = upload
        self._room_bytes = room_bytes
        self._bucket = bucket
        self._must_be_new = must_be_new
        is_hidden = encryption.is_default(bucket.metadata)
        self._kept_beside = encryption.begin(upload, store.ciphers) if is_hidden else {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._upload.abort()

    @property
    def size_bytes(self) -> int:
        """How much was written so far."""
        return self._upload.size_bytes

    @property
    def etag(self) -> str:
        """The md5 of what was written so far."""
        return self._upload.etag

    def write(self, data: blobs.Bytes) -> None:
        """Append bytes. Refuses too many: 413."""
        self._check(self._upload.size_bytes + len(data))
        self._upload.write(data)

    def copy_from(self, source: Download) -> None:
        """Take all the bytes of another object; only once. Refuses too many: 413."""
        self._check(source.record.size_bytes)
        self._upload.copy_from(source)

    def commit(self, said: Attributes) -> ObjectRecord:
        """Keep what is there now, if the container keeps versions, and become the object.

        Refuses to take a locked one's place: 403; to expire where all is locked: 400; and the place
        of any if it must be new: 412.
        """
        bucket, name = self._bucket, self._upload.name
        if self._kept_beside:
            said = replace(said, metadata={**said.metadata, **self._kept_beside})
        if (place := history.archive(bucket.metadata)) is not None:
            with self._absence(name):
                history.keep(self._store, name, place)
                return self._upload.commit(said, may_replace=self._may_replace)
        if lock := locks.default(bucket):
            if said.delete_at is not None:
                raise Refused(400, "What is put here is locked, and cannot expire: X-Delete-At")
            said = replace(said, metadata={**said.metadata, **lock})
        condition = _check_absent if self._must_be_new else check_free
        is_bound = self._must_be_new or bucket.has_locks
        return versions.put(
            self._store,
            bucket,
            name.name,
            upload=self._upload,
            said=said,
            condition=condition if is_bound else None,
        ).record

    @contextlib.contextmanager
    def _absence(self, name: ObjectName) -> Iterator[None]:
        """If it must be new, see that it is, and that no other like it comes between: 412."""
        if not self._must_be_new:
            yield
            return
        with stripes.lock(name):
            _check_absent(versions.find(self._store, self._bucket, name.name))
            try:
                yield
            except stored.NotReplaced as error:
                raise Refused(412) from error

    def _may_replace(self, there: ObjectRecord) -> bool:
        return not self._must_be_new or there.has_expired

    def _check(self, size_bytes: int) -> None:
        constraints.check_size(size_bytes)
        quotas.check_size(size_bytes, self._room_bytes)


class Writing:
    """Objects as one caller may write and remove them."""

    def __init__(self, store: ObjectStore, caller: Caller) -> None:
        self._store = store
        self._caller = caller
        self._checked: ObjectName | None = None  # the last one

    def incoming(
        self, name: ObjectName, *, size_bytes: int = 0, must_be_new: bool = False
    ) -> Incoming:
        """Begin an object of `size_bytes`, as far as that is known. Refuses who may not, what has
        no room, and the place of a locked object; `commit` refuses that of any if it `must_be_new`.
        """
        self.check(name)
        constraints.check_text(name.name)
        constraints.check_object_name(name.name)
        bucket = buckets.find(self._store, name.account, name.container)
        if bucket.has_locks:
            check_free(versions.find(self._store, bucket, name.name))
        room_bytes = self._room(name.account, bucket)
        constraints.check_size(size_bytes)
        quotas.check_size(size_bytes, room_bytes)
        return Incoming(
            self._store, self._store.put_object(name),
            room_bytes=room_bytes, bucket=bucket, must_be_new=must_be_new,
        )  # fmt: skip

    def delete(self, name: ObjectName, *, version_id: str = "") -> versions.Deleted:
        """Remove an object, or one version of it for good. Refuses a locked one: 403, and one that
        is not there, or has expired: 404.
        """
        self.check(name)
        bucket = buckets.find(self._store, name.account, name.container)
        if version_id:
            check_versioned(bucket, version_id)
        elif (place := history.archive(bucket.metadata)) is not None:
            history.delete(self._store, name, place)
            return versions.Deleted(was_there=True)
        done = versions.delete(
            self._store, bucket, name.name,
            version_id=version_id, condition=check_free, promotes=False,
        )  # fmt: skip
        if not done.was_there:
            missing = Refused(404)
            if done.is_marker:
                missing.headers = {VERSION_ID: done.version_id}
            raise missing
        return done

    def restore(self, name: ObjectName, version_id: str) -> Version:
        """Make a version the current one. Raises ObjectNotFound; refuses a locked one's place."""
        self.check(name)
        bucket = buckets.find(self._store, name.account, name.container)
        if version_id == NULL:
            raise Refused(400, "What has no version cannot be made one")
        check_versioned(bucket, version_id)
        found = versions.restore(self._store, bucket, name.name, version_id, condition=check_free)
        if found is None:
            raise Refused(404, "The specified version does not exist")
        return found

    def is_versioned(self, name: ObjectName) -> bool:
        """Whether what is removed or replaced under that name is kept as a version."""
        return bool(buckets.find(self._store, name.account, name.container).versioning)

    def change(
        self, name: ObjectName, post: Callable[[ObjectRecord], ObjectRecord]
    ) -> tuple[ObjectRecord, ObjectRecord]:
        """Change what is said of an object by `post`, which is given what is there, and again if
        that was replaced meanwhile; what was there, and what is. Raises ObjectNotFound.

        Refuses who may not, and a locked one: 403.
        """
        self.check(name)
        with stripes.lock(name):
            while True:
                old = self._store.head_object(name)
                locks.check(name.container, old)
                with contextlib.suppress(stored.ObjectNotFound):
                    return old, post(old)

    def check_free(self, name: ObjectName) -> None:
        """Refuse who may not write the object, and a locked one, if it is there: 403."""
        self.check(name)
        self.check_lock(name)

    def check_lock(self, name: ObjectName) -> None:
        """Refuse to remove an object that is locked, whoever asks: 403."""
        with contextlib.suppress(stored.NotFound):
            locks.check(name.container, self._store.head_object(name))

    def check(self, name: ObjectName) -> None:
        """Refuse who may not write the object, and parts that only S3 writes: 403."""
        if name is self._checked:
            return
        access.check(self._store, self._caller, Deed.WRITE_OBJECT, name=name)
        if locks.are_parts_kept(self._store, name.account, name.container):
            raise Refused(403, f"Container {name.container} has the parts of locked objects")
        self._checked = name

    def _room(self, account: str, bucket: Bucket) -> int | None:
        if access.is_reseller(self._caller):
            return None
        return quotas.room(
            bucket.metadata,
            self._store.account_metadata(account),
            read_container=lambda: self._store.head_container(account, bucket.name),
            read_account=lambda: self._store.head_account(account),
        )


def check_free(version: Version | None) -> None:
    """Refuse to replace or remove a version while it is locked: 403."""
    if version is not None:
        locks.check(version.name.container, version.record)


def _check_absent(version: Version | None) -> None:
    if version is not None:
        raise Refused(412)
