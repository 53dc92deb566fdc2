"""The trash of a whole store: what is in it, brought back, deleted again, and gone for good.

Each function may be called from any thread, and again after a kill. Which deletion goes here, and
for how long, is its caller's to say (`trash.Bin`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from storage.objects.account import Trashed
from storage.objects.container import Container
from storage.objects.errors import (
    ContainerDamaged,
    ContainerNotFound,
    ObjectNotFound,
    translated,
)
from storage.objects.object_file import ObjectName
from storage.objects.transfer import Download
from storage.objects.trash import Held, Kept, Trash

if TYPE_CHECKING:
    from storage.objects.store import ObjectStore

EVER: Final = 1 << 62  # seconds since 1970, of all that is in the trash
_PAGE: Final = 1000


def restore(
    store: ObjectStore,
    account: str,
    container: str,
    entry: str,
    *,
    until_s: int,
    name: str | None = None,
    over: int | None = None,
) -> None:
    """Bring back what an entry put aside: the container, or objects of it, all or nothing; or one
    name, in the place of the version that was written at `over`.

    It may be put aside again until then. What is back already is no matter. Raises NotFound when
    it is not in the trash, AlreadyThere.
    """
    with translated(f"container {account}/{container}: restore"):
        aside = store.catalog.accounts.trashed(account, container)
        if any(each.entry == entry for each in aside):
            store.catalog.restore_container(account, container, entry, until_s=until_s)
            return
        try:
            with store.catalog.borrow(account, container) as opened:
                if opened.has_entry(entry, even_back=True):
                    obsolete = opened.restore(entry, until_s=until_s, name=name, over=over)
                    store.catalog.note_change(account, container)
                    if obsolete is not None:
                        store.files.remove(ObjectName(account, container, name or ""), obsolete)
                    return
        except ContainerNotFound as error:
            raise ContainerNotFound(_container_first(aside, container)) from error
    raise ObjectNotFound("it is not in the trash any more")


def again(store: ObjectStore, account: str, container: str, entry: str, *, until_s: int) -> None:
    """Put aside again what `restore` brought back, as far as it still is so.

    Raises NotFound when nothing of it is, ContainerNotEmpty.
    """
    with translated(f"container {account}/{container}: delete again"):
        for each in store.catalog.accounts.trashed(account, container):
            if each.entry == entry and each.is_back:
                to = Trash(entry=entry, until_s=until_s, note=each.note)
                store.catalog.remove(account, container, to=to)
                return
        with store.catalog.borrow(account, container) as opened:
            if not opened.trash_again(entry, until_s=until_s):
                raise ObjectNotFound("nothing of it is as it was any more")
            store.catalog.note_change(account, container)


def mark(store: ObjectStore, name: ObjectName, to: Trash) -> None:
    """Let an object be one that `again` puts aside under that entry: what a deletion made."""
    with (
        translated(f"object {name}: mark"),
        store.catalog.borrow(name.account, name.container) as opened,
    ):
        opened.mark(name.name, to)


def held(store: ObjectStore, account: str, container: str, entry: str) -> list[Held]:
    """Return the objects of an entry that are in the container's trash, or back from it."""
    with store.catalog.borrow(account, container) as opened:
        return opened.held(entry)


def empty(store: ObjectStore, now_s: int = EVER) -> set[str]:
    """Let what is over by then leave the trash for good (or everything); of which entries it was.

    Killed in between, the rest goes the next time.
    """
    gone = set[str]()
    for trashed in store.catalog.accounts.trashed():
        if trashed.until_s <= now_s:
            gone |= _empty_aside(store, trashed)
    for account, container in store.catalog.accounts.containers():
        with (
            contextlib.suppress(ContainerNotFound, ContainerDamaged),
            store.catalog.borrow(account, container) as opened,
        ):
            gone |= empty_container(store, opened, account, container, now_s=now_s)
    return gone


def empty_container(
    store: ObjectStore, opened: Container, account: str, container: str, *, now_s: int = EVER
) -> set[str]:
    """The same, of one container's objects."""
    gone, is_moving = set[str](), True
    while is_moving and (due := opened.due(now_s, limit=_PAGE)):
        is_moving = False
        for each in due:
            is_file_left = opened.forget(each)
            if is_file_left:
                store.files.remove(ObjectName(account, container, each.name), each.written)
            if is_file_left is not None:
                is_moving = True
                gone |= {each.entry} if not each.is_back else set()
    return gone


def kept(store: ObjectStore) -> Iterator[tuple[str, str, Kept]]:
    """Yield account, container and sum of every entry of the trash."""
    for each in store.catalog.accounts.trashed():
        yield from ((each.account, each.name, one) for one in _aside(store, each))
    for account, container in store.catalog.accounts.containers():
        yield from ((account, container, one) for one in of_container(store, account, container))


def of_name(store: ObjectStore, account: str, container: str) -> list[Kept]:
    """Return the entries of a container's name: of it, and of all that are in the trash."""
    found = of_container(store, account, container)
    for each in store.catalog.accounts.trashed(account, container):
        found += _aside(store, each)
    return found


def of_container(store: ObjectStore, account: str, container: str) -> list[Kept]:
    """Return the entries of objects of one container; none when it is not there."""
    with (
        contextlib.suppress(ContainerNotFound, ContainerDamaged),
        store.catalog.borrow(account, container) as opened,
    ):
        return opened.kept()
    return []


def versions(store: ObjectStore, first: ObjectName, *, last: str = "") -> Iterator[Download]:
    """Open what is in the trash of a name (or of the names from it to `last`)."""
    with store.catalog.borrow(first.account, first.container) as opened:
        found = opened.trashed(first.name, last=last)
    for stored in found:
        name = ObjectName(first.account, first.container, stored.record.name)
        with translated(f"object {name}: get from the trash"):
            yield Download(
                stored.record, store.files.open(name, stored.record),
                data=stored.data, blocks=stored.blocks, cipher=store.ciphers.of(stored.record),
            )  # fmt: skip


def has_container(store: ObjectStore, account: str, container: str) -> bool:
    """Return whether a container of that name is in the trash."""
    found = store.catalog.accounts.trashed(account, container)
    return any(not each.is_back for each in found)


def _aside(store: ObjectStore, trashed: Trashed) -> list[Kept]:
    """A container in the trash as an entry of no object, and the entries of its own."""
    own = Kept(trashed.entry, 0, "", trashed.until_s, trashed.is_back, trashed.note)
    with store.catalog.opened_trash(trashed) as aside:
        return [own, *(aside.kept() if aside is not None and not trashed.is_back else [])]


def _empty_aside(store: ObjectStore, trashed: Trashed) -> set[str]:
    """Its own trash goes first: a kill leaves a container that is to go still."""
    gone = set[str]()
    with store.catalog.opened_trash(trashed) as aside:
        if aside is not None and not trashed.is_back:
            gone = empty_container(store, aside, trashed.account, trashed.name)
    is_gone = store.catalog.accounts.forget(trashed.entry, is_back=trashed.is_back)
    if is_gone and not trashed.is_back:
        store.catalog.drop_file(trashed)
        gone.add(trashed.entry)
    return gone


def _container_first(aside: Sequence[Trashed], container: str) -> str:
    if any(not each.is_back for each in aside):
        return f"the container {container} is deleted too: undo that first"
    return f"the container {container} is not there any more"
