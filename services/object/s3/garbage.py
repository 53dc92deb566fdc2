"""Parts that no object needs any more: noted when their object goes, removed an hour later.

Until then whoever reads the object reads on. A note is an object in an account that no client can
name; what it names is looked for once more before anything is removed, so a note may be wrong.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
from contextlib import suppress
from typing import Final

from services.object import contents
from services.object.s3 import sysmeta
from services.object.s3.call import SEGMENTS, Bucket
from storage.objects import errors as stored
from storage.objects.listing import Query
from storage.objects.object_file import ObjectName, ObjectRecord
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes

KEPT_S: Final = 3600  # the slowest download of a part that is under way
_ACCOUNT: Final = "\0garbage"
_CONTAINER: Final = "parts"
_PAGE: Final = 1000

log = logging.getLogger(__name__)


def note(store: ObjectStore, bucket: Bucket, key: str, *, record: ObjectRecord) -> None:
    """Remember that this version of an object is gone; nothing if it had no parts of ours."""
    upload_id = record.metadata.get(sysmeta.UPLOAD, "")
    if upload_id and contents.SLO in record.metadata:
        note_upload(store, bucket, key, upload_id)


def note_upload(store: ObjectStore, bucket: Bucket, key: str, upload_id: str) -> None:
    """Remember that an upload's parts are not needed."""
    store.put_container(_ACCOUNT, _CONTAINER)
    said = json.dumps([bucket.account, bucket.name, key, upload_id])
    due = int(time.time()) + KEPT_S
    name = ObjectName(_ACCOUNT, _CONTAINER, f"{due:012d} {secrets.token_hex(8)}")
    with store.put_object(name) as upload:
        upload.write(said.encode())
        upload.commit(Attributes())


def sweep(store: ObjectStore, *, now: float) -> int:
    """Remove the parts whose hour has passed; return how many."""
    count = 0
    while True:
        query = Query(end_marker=f"{int(now) + 1:012d}", limit=_PAGE)
        try:
            page = store.list_container(_ACCOUNT, _CONTAINER, query=query)
        except stored.ContainerNotFound:
            return count
        for row in page:
            count += _sweep_one(store, ObjectName(_ACCOUNT, _CONTAINER, row.name))
        if len(page) < _PAGE:
            return count


def _sweep_one(store: ObjectStore, note_name: ObjectName) -> int:
    count = 0
    try:
        with store.get_object(note_name) as download:
            raw = download.read(0, download.record.size_bytes)
        account, bucket, key, upload_id = json.loads(raw)
        if not _is_needed(store, ObjectName(account, bucket, key), upload_id):
            count = remove_parts(store, account, bucket, upload_id)
    except stored.ObjectNotFound:
        return 0
    with suppress(stored.ObjectNotFound):
        store.delete_object(note_name)
    return count


def remove_parts(store: ObjectStore, account: str, bucket: str, upload_id: str) -> int:
    """Remove an upload's parts; return how many."""
    container, count = f"{bucket}{SEGMENTS}", 0
    while True:
        query = Query(prefix=f"{upload_id}/", limit=_PAGE)
        try:
            page = store.list_container(account, container, query=query)
        except stored.ContainerNotFound:
            return count
        for row in page:
            with suppress(stored.ObjectNotFound):
                store.delete_object(ObjectName(account, container, row.name))
                count += 1
        if len(page) < _PAGE:
            return count


def _is_needed(store: ObjectStore, name: ObjectName, upload_id: str) -> bool:
    """Whether the object, or a version of it, still is what the upload made."""
    shelf = ObjectName(f"\0versions\0{name.account}", name.container, "")
    names = [name]
    with suppress(stored.ContainerNotFound):
        query = Query(prefix=f"{name.name}\0")
        rows = store.list_container(shelf.account, shelf.container, query=query)
        names += [ObjectName(shelf.account, shelf.container, row.name) for row in rows]
    for each in names:
        with suppress(stored.NotFound):
            if store.head_object(each).metadata.get(sysmeta.UPLOAD) == upload_id:
                return True
    return False
