"""How an object comes in or goes out: who may, how much room there is, and what was there before.

Every way of writing (PUT, COPY, a form, an archive, a list of names) goes through here.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from services.object import constraints
from services.object.swift import access, quotas, versions
from services.object.swift.access import Caller, Deed
from storage import blobs
from storage.objects import errors as stored
from storage.objects.container import ContainerInfo
from storage.objects.object_file import ObjectName, ObjectRecord
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes, Download, Upload


class Incoming:
    """An object's bytes on their way in: an upload that ends where the room does."""

    def __init__(
        self,
        store: ObjectStore,
        upload: Upload,
        *,
        room_bytes: int | None,
        container: ContainerInfo,
    ) -> None:
        self._store = store
        self._upload = upload
        self._room_bytes = room_bytes
        self._container = container

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
        """Keep what is there now, if the container keeps versions, and become the object."""
        if (place := versions.archive(self._container.metadata)) is not None:
            versions.keep(self._store, self._upload.name, place)
        return self._upload.commit(said)

    def _check(self, size_bytes: int) -> None:
        constraints.check_size(size_bytes)
        quotas.check_size(size_bytes, self._room_bytes)


class Writing:
    """Objects as one caller may write and remove them."""

    def __init__(self, store: ObjectStore, caller: Caller) -> None:
        self._store = store
        self._caller = caller

    @contextlib.contextmanager
    def incoming(self, name: ObjectName, *, size_bytes: int = 0) -> Iterator[Incoming]:
        """Begin an object of `size_bytes`, as far as that is known. Left without `commit`, nothing
        remains. Refuses who may not, and what has no room.
        """
        self.check(name)
        constraints.check_text(name.name)
        constraints.check_object_name(name.name)
        container = self._store.head_container(name.account, name.container)
        room_bytes = self._room(name.account, container)
        constraints.check_size(size_bytes)
        quotas.check_size(size_bytes, room_bytes)
        with self._store.put_object(name) as upload:
            yield Incoming(self._store, upload, room_bytes=room_bytes, container=container)

    def delete(self, name: ObjectName) -> None:
        """Remove an object. Raises ObjectNotFound; of one that expired it says so, too."""
        self.check(name)
        container = self._store.head_container(name.account, name.container)
        if (place := versions.archive(container.metadata)) is not None:
            versions.delete(self._store, name, place)
        else:
            record = self._store.delete_object(name)
            if record.delete_at is not None and record.delete_at <= time.time():
                raise stored.ObjectNotFound(f"object {name} had expired")

    def check(self, name: ObjectName) -> None:
        """Refuse who may not write the object."""
        access.check(self._store, self._caller, Deed.WRITE_OBJECT, name=name)

    def _room(self, account: str, container: ContainerInfo) -> int | None:
        if access.is_reseller(self._caller):
            return None
        metadata = self._store.account_metadata(account)
        return quotas.room(container, metadata, lambda: self._store.head_account(account))
