"""What an object was before, kept in another container (Swift, common/middleware/versioned_writes).

With X-Versions-Location a DELETE brings the last version back; with X-History-Location it only adds
a mark that says when. Nobody is asked here: whoever may write the object moves its versions.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote, unquote

from services.object import locks, sysmeta
from services.object.refusals import Refused
from storage.objects import ciphers, timestamps
from storage.objects import errors as stored
from storage.objects.listing import Query
from storage.objects.object_file import ObjectName, ObjectRecord
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes
from storage.objects.trash import Trash

STACK: Final = "X-Versions-Location"
HISTORY: Final = "X-History-Location"
DELETED_TYPE: Final = "application/x-deleted;swift_versions_deleted=1"
_PAGE: Final = 100
_NO_CONTAINER: Final = "The versions container does not exist, or is in another account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """Where a container's older versions go, and what a DELETE does."""

    container: str
    is_history: bool


def archive(metadata: Mapping[str, str]) -> Archive | None:
    """Return where a container keeps its versions, or None."""
    for name in (HISTORY, STACK):
        if location := metadata.get(name):
            return Archive(container=unquote(location), is_history=name == HISTORY)
    return None


def checked(changes: Mapping[str, str | None], headers: Mapping[str, str]) -> dict[str, str | None]:
    """Return a container's changes with the location as Swift keeps it; one mode ends the other.

    Refuses both at once (400) and what is no container's name (412).
    """
    if all(headers.get(name.lower()) for name in (STACK, HISTORY)):
        raise Refused(400, f"Only one of {STACK} or {HISTORY} may be specified")
    found = dict(changes)
    for name, other in ((STACK, HISTORY), (HISTORY, STACK)):
        if location := changes.get(name):
            plain = unquote(location)
            if "/" in plain or not plain:
                raise Refused(412, f"{name} must be a container's name, without slashes")
            found |= {name: quote(plain), other: None}
    return found


def keep(store: ObjectStore, name: ObjectName, place: Archive) -> None:
    """Copy the object to its archive, if there is one. Refuses if it has no archive: 412."""
    try:
        source = store.get_object(name, ciphers=ciphers.AS_KEPT)
    except stored.ObjectNotFound:
        return
    with source, _archived():
        old = source.record
        kept = _version_name(name, place, old.timestamp)
        with store.put_object(kept) as upload:
            upload.copy_from(source)
            upload.commit(_as_it_was(old))


def delete(store: ObjectStore, name: ObjectName, place: Archive) -> None:
    """Remove the object as its archive's mode says, into the trash. Raises ObjectNotFound."""
    if place.is_history:
        store.head_object(name)
        keep(store, name, place)
        with (
            _archived(),
            store.put_object(_version_name(name, place, timestamps.now_ticks())) as mark,
        ):
            mark.commit(Attributes(content_type=DELETED_TYPE))
        store.delete_object(name, to=_trash(store, name))
    elif (version := _last(store, name, place)) is None:
        store.head_object(name)
        store.delete_object(name, to=_trash(store, name))
    else:
        _restore(store, name, version)


def _restore(store: ObjectStore, name: ObjectName, version: ObjectName) -> None:
    """Put a version in the object's place, and then remove it from the archive."""
    aside, follows = None, {}
    with contextlib.suppress(stored.ObjectNotFound):
        follows[sysmeta.FOLLOWS] = str(store.head_object(name).written)
        aside = _trash(store, name)
    with (
        store.get_object(version, ciphers=ciphers.AS_KEPT) as source,
        store.put_object(name, aside=aside) as upload,
    ):
        locks.check(version.container, source.record)
        upload.copy_from(source)
        said = _as_it_was(source.record)
        upload.commit(replace(said, metadata={**said.metadata, **follows}))
        written = source.record.written
    with contextlib.suppress(stored.ObjectNotFound):  # somebody else took it away meanwhile
        store.delete_object(version, written=written)


def _last(store: ObjectStore, name: ObjectName, place: Archive) -> ObjectName | None:
    """Return the newest version to bring back, passing over marks of deletions and what expired."""
    prefix = _prefix(name)
    marker = ""
    while True:
        query = Query(prefix=prefix, marker=marker, limit=_PAGE, is_reverse=True)
        try:
            page = store.list_container(name.account, place.container, query=query)
        except stored.ContainerNotFound:
            return None
        for row in page:
            version = ObjectName(name.account, place.container, row.name)
            with contextlib.suppress(stored.ObjectNotFound):
                if store.head_object(version).content_type != DELETED_TYPE:
                    return version
        if not page:
            return None
        marker = page[-1].name


@contextlib.contextmanager
def _archived() -> Iterator[None]:
    try:
        yield
    except stored.ContainerNotFound as error:
        raise Refused(412, _NO_CONTAINER) from error


def _prefix(name: ObjectName) -> str:
    return f"{len(name.name.encode()):03x}{name.name}/"


def _version_name(name: ObjectName, place: Archive, ticks: int) -> ObjectName:
    kept = f"{_prefix(name)}{timestamps.format_ticks(ticks)}"
    return ObjectName(name.account, place.container, kept)


def _as_it_was(old: ObjectRecord) -> Attributes:
    metadata = {key: value for key, value in old.metadata.items() if key != sysmeta.FOLLOWS}
    return Attributes(content_type=old.content_type, metadata=metadata, delete_at=old.delete_at)


def _trash(store: ObjectStore, name: ObjectName) -> Trash | None:
    return store.bin.trash(name.account, name.container, name.name)
