"""Parts that no object needs any more: noted when their object goes, removed an hour later.

Until then whoever reads the object reads on. A note is an object in an account that no client can
name; what it names is looked for once more before anything is removed, so a note may be wrong.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Final

from services.object import contents, stripes, sysmeta
from services.object.bucket import SEGMENTS, shelf_of, uploads_of
from storage.objects import errors as stored
from storage.objects import trashcan
from storage.objects.listing import Query
from storage.objects.object_file import ObjectName, ObjectRecord
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes

KEPT_S: Final = 3600  # the slowest download of a part that is under way
_ACCOUNT: Final = "\0garbage"
_CONTAINER: Final = "parts"
_PAGE: Final = 1000

log = logging.getLogger(__name__)


def note(store: ObjectStore, name: ObjectName, *, record: ObjectRecord) -> None:
    """Remember that this version of an object is to go; nothing if it had no parts of ours.

    Before it goes: a kill in between leaves a note too many, and not parts that nobody knows.
    """
    if not has_none(record):
        note_upload(store, name, record.metadata[sysmeta.UPLOAD])


def has_none(record: ObjectRecord) -> bool:
    """Whether an object has no parts of ours, so that it may go without a note."""
    return not (record.metadata.get(sysmeta.UPLOAD) and contents.SLO in record.metadata)


def note_upload(store: ObjectStore, name: ObjectName, upload_id: str) -> None:
    """Remember that an upload's parts may not be needed."""
    store.put_container(_ACCOUNT, _CONTAINER)
    said = json.dumps([name.account, name.container, name.name, upload_id])
    due = int(time.time()) + KEPT_S
    note_name = ObjectName(_ACCOUNT, _CONTAINER, f"{due:012d} {secrets.token_hex(8)}")
    with store.put_object(note_name) as upload:
        upload.write(said.encode())
        upload.commit(Attributes())


def sweep(store: ObjectStore, *, now: float) -> int:
    """Remove the parts whose hour has passed; return how many."""
    count, marker = 0, ""
    while True:
        query = Query(marker=marker, end_marker=f"{int(now) + 1:012d}", limit=_PAGE)
        try:
            page = store.list_container(_ACCOUNT, _CONTAINER, query=query)
        except stored.ContainerNotFound:
            return count
        for row in page:
            count += _sweep_one(store, ObjectName(_ACCOUNT, _CONTAINER, row.name))
        if len(page) < _PAGE:
            return count
        marker = page[-1].name


def _sweep_one(store: ObjectStore, note_name: ObjectName) -> int:
    count = 0
    try:
        with store.get_object(note_name) as download:
            raw = download.read(0, download.record.size_bytes)
        account, container, key, upload_id = json.loads(raw)
        name = ObjectName(account, container, key)
        if _is_in_trash(store, name, upload_id):  # it may come back: the note stays
            return 0
        count = remove_parts(store, name, upload_id)
    except stored.ObjectNotFound:
        return 0
    with suppress(stored.ObjectNotFound):
        store.delete_object(note_name)
    return count


def remove_parts(
    store: ObjectStore, name: ObjectName, upload_id: str, *, is_over: bool = False
) -> int:
    """Remove an upload's parts that no version of its object names; return how many.

    None while the upload is listed, as its parts are its own; unless it `is_over` all the same.
    """
    container, marker, count = f"{name.container}{SEGMENTS}", "", 0
    with stripes.lock(name):
        if not is_over and _is_under_way(store, name, upload_id):
            return 0
        needed = _needed(store, name, upload_id)
        while True:
            query = Query(prefix=f"{upload_id}/", marker=marker, limit=_PAGE)
            try:
                page = store.list_container(name.account, container, query=query)
            except stored.ContainerNotFound:
                return count
            for row in page:
                part = ObjectName(name.account, container, row.name)
                if part not in needed:
                    with suppress(stored.ObjectNotFound):
                        store.delete_object(part)
                        count += 1
            if len(page) < _PAGE:
                return count
            marker = page[-1].name


def _is_in_trash(store: ObjectStore, name: ObjectName, upload_id: str) -> bool:
    """Whether a version of the object that has these parts is in the trash, or its container."""
    if trashcan.has_container(store, name.account, name.container):
        return True
    shelf = replace(shelf_of(name.account, name.container), name=f"{name.name}\0")
    for first, last in ((name, name.name), (shelf, f"{name.name}\1")):
        with suppress(stored.ContainerNotFound):
            for download in trashcan.versions(store, first, last=last):
                with download:
                    if download.record.metadata.get(sysmeta.UPLOAD) == upload_id:
                        return True
    return False


def _is_under_way(store: ObjectStore, name: ObjectName, upload_id: str) -> bool:
    where = uploads_of(name.account, name.container)
    try:
        store.head_object(replace(where, name=f"{name.name}\0{upload_id}"))
    except stored.NotFound:
        return False
    return True


def _needed(store: ObjectStore, name: ObjectName, upload_id: str) -> set[ObjectName]:
    """The parts that the object, or a version of it, still is made of."""
    needed: set[ObjectName] = set()
    for each in _versions(store, name):
        with suppress(stored.NotFound):
            record = store.head_object(each, even_expired=True)
            if record.metadata.get(sysmeta.UPLOAD) != upload_id:
                continue
            with store.get_object(each, even_expired=True) as download:
                segments = contents.read_manifest(download)
            needed |= {s.name for s in contents.static_segments(name.account, segments)}
    return needed


def _versions(store: ObjectStore, name: ObjectName) -> Iterator[ObjectName]:
    """Where the object and its older versions are."""
    yield name
    shelf, marker = shelf_of(name.account, name.container), ""
    while True:
        query = Query(prefix=f"{name.name}\0", marker=marker, limit=_PAGE)
        try:
            page = store.list_container(shelf.account, shelf.container, query=query)
        except stored.ContainerNotFound:
            return
        yield from (replace(shelf, name=row.name) for row in page)
        if len(page) < _PAGE:
            return
        marker = page[-1].name
