"""Undo and redo of what an entry of the trash deleted, where versions are kept too.

What a deletion moved moves back: a delete marker goes and the version that it hid is current again;
a version returns to the shelf; an older one that was given the object's place makes way for it. It
may be asked again after a kill. Nothing is overwritten that was written since.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Final

from services.object import bucket as buckets
from services.object import locks, stripes, sysmeta, trash, versions
from services.object.bucket import NUL, SHELF, Bucket
from services.object.swift import history
from storage.objects import errors as stored
from storage.objects import trashcan
from storage.objects.object_file import ObjectName
from storage.objects.store import ObjectStore
from storage.objects.trash import Held

_GONE: Final = "it is not in the trash any more"


def restore(store: ObjectStore, account: str, container: str, entry: str, *, until_s: int) -> bool:
    """Bring back what an entry put aside; whether it may be deleted again under the same entry.

    Raises NotFound when it is not in the trash, AlreadyThere when its place was taken since.
    """
    if account.startswith(SHELF):
        _restore_shelved(store, account, container, entry, until_s=until_s)
        return True
    bucket = _bucket(store, account, container)
    place = history.archive(bucket.metadata) if bucket else None
    if bucket is None or not (bucket.versioning or (place and not place.is_history)):
        trashcan.restore(store, account, container, entry, until_s=until_s)
        return True
    held = trashcan.held(store, account, container, entry)
    for each in held:
        if not each.is_back:
            _follower(store, bucket, each)  # all or nothing, unless somebody is quick
    for each in held:
        with stripes.lock(bucket.object(each.name)):
            follower = None if each.is_back else _follower(store, bucket, each)
            if follower is not None and place is not None:
                history.keep(store, bucket.object(each.name), place)
            elif follower is not None:
                versions.put_aside(store, bucket, each.name)
            trashcan.restore(
                store, account, container, entry, until_s=until_s, name=each.name, over=follower
            )
            versions.settle(store, bucket, each.name)
    if not held:
        trashcan.restore(store, account, container, entry, until_s=until_s)
    return False  # a deletion there does more than to put aside


def again(store: ObjectStore, account: str, container: str, entry: str, *, until_s: int) -> bool:
    """Put aside again what came back under an entry, or what its deletion made; whether it may be
    brought back once more.

    Raises NotFound when nothing of it is as it was, AlreadyThere, and refuses what is locked.
    """
    if not account.startswith(SHELF):
        trashcan.again(store, account, container, entry, until_s=until_s)
        return True
    bucket = buckets.find(store, account.removeprefix(SHELF), container)
    held = trashcan.held(store, account, container, entry)
    if not held:
        raise stored.ObjectNotFound(_GONE)
    for each in held:
        if trash.is_mark(each.note):
            _check_hidden(store, bucket, each)
        with suppress(stored.ObjectNotFound):
            locks.check(container, store.head_object(ObjectName(account, container, each.name)))
    for each in held:
        marker = ObjectName(account, container, each.name)
        versions.uncover(store, bucket, _key(each), _hidden_id(each), marker=marker)
    if any(each.is_back for each in held):
        trashcan.again(store, account, container, entry, until_s=until_s)
    return True


def _restore_shelved(
    store: ObjectStore, account: str, container: str, entry: str, *, until_s: int
) -> None:
    bucket = buckets.find(store, account.removeprefix(SHELF), container)
    held = trashcan.held(store, account, container, entry)
    for each in held:
        current = versions.find(store, bucket, _key(each))
        if trash.is_mark(each.note) and current and current.id != _hidden_id(each):
            raise _taken(_key(each))
    trashcan.restore(store, account, container, entry, until_s=until_s)
    for each in held:
        versions.cover(store, bucket, _key(each))


def _bucket(store: ObjectStore, account: str, container: str) -> Bucket | None:
    with suppress(stored.ContainerNotFound):
        return buckets.find(store, account, container)
    return None


def _follower(store: ObjectStore, bucket: Bucket, held: Held) -> int | None:
    """When what was given the place of a deleted object was written; None when nothing was.

    Raises AlreadyThere if something else is there.
    """
    newest = versions.covered(store, bucket, held.name)
    if newest is None:
        return None
    if newest.is_current:
        is_late = newest.record.metadata.get(sysmeta.FOLLOWS) != str(held.written)
    else:
        said = json.loads(held.metadata).get(sysmeta.MODIFIED, held.written)
        is_late = newest.modified > int(said)
    if is_late:
        raise _taken(held.name)
    return newest.record.written if newest.is_current else None


def _taken(key: str) -> stored.AlreadyThere:
    return stored.AlreadyThere(f"there is another object {key} by now")


def _check_hidden(store: ObjectStore, bucket: Bucket, held: Held) -> None:
    """Raise if what a marker hid is not the newest of its versions any more, or is gone."""
    key, hidden = _key(held), _hidden_id(held)
    newest = versions.covered(store, bucket, key)
    if newest is not None and newest.id == hidden:
        return
    if versions.find(store, bucket, key, hidden) is not None:
        raise _taken(key)
    raise stored.ObjectNotFound(
        f"the version {hidden} of {key}, which was current, is deleted since: undo that first, if "
        "it can be"
    )


def _key(held: Held) -> str:
    return held.name.partition(NUL)[0]


def _hidden_id(held: Held) -> str:
    return str(json.loads(held.metadata).get(sysmeta.HIDES, ""))
