"""What is deleted comes back as it was, goes when its time is over, and no step loses either."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.objects import auditor, listing, trashcan
from storage.objects.errors import AlreadyThere, ContainerNotFound, NotFound, StoreFull
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes
from storage.objects.trash import Trash
from tests.storage.objects import faults
from tests.storage.objects.test_crash import COPIES, KEEPINGS, in_child, seen
from tests.storage.objects.verbs import ACCOUNT, data_files, get, named, names, put

SMALL, LARGE = b"s" * 100, b"L" * 200_000
LATER_S = int(time.time()) + 600
TO = Trash(entry="e1", until_s=LATER_S, note="by ann")


@pytest.fixture(params=["inline", "files", "replicas"])
def box(request, tmp_path: Path):
    with ObjectStore(tmp_path / "s", part_power=2, **KEEPINGS[request.param]) as store:
        store.put_container(ACCOUNT, "c", metadata={"k": "v"})
        yield store


def back(store: ObjectStore, entry: str = "e1", container: str = "c") -> None:
    trashcan.restore(store, ACCOUNT, container, entry, until_s=LATER_S)


def again(store: ObjectStore, entry: str = "e1", container: str = "c") -> None:
    trashcan.again(store, ACCOUNT, container, entry, until_s=LATER_S)


def used(store: ObjectStore) -> tuple[int, int]:
    info = store.head_container(ACCOUNT, "c")
    counted = store.head_account(ACCOUNT)
    assert (counted.object_count, counted.bytes_used) == (info.object_count, info.bytes_used)
    return info.object_count, info.bytes_used


@pytest.mark.parametrize("data", [b"", SMALL, LARGE])
def test_a_deleted_object_is_nowhere_and_comes_back_as_it_was(box: ObjectStore, data: bytes):
    before = put(box, "a", data, content_type="text/x", metadata={"m": "1"})
    files = data_files(box)
    box.delete_object(named("a"), to=TO)

    assert (names(box), used(box)) == ([], (0, 0))
    with pytest.raises(NotFound):
        get(box, "a")
    with pytest.raises(NotFound):
        box.delete_object(named("a"), to=TO)
    auditor.once(box)
    assert data_files(box) == files

    back(box)

    assert box.head_object(named("a")) == before
    assert (get(box, "a"), used(box)) == (data, (1, len(data)))
    back(box)  # as one does who was not told that it is done
    assert used(box) == (1, len(data))


def test_what_is_back_is_deleted_again_under_its_entry_and_only_if_it_is_as_it_was(box):
    put(box, "a", LARGE)
    box.delete_object(named("a"), to=TO)
    back(box)
    again(box)
    assert names(box) == []
    back(box)
    put(box, "a", b"new")
    with pytest.raises(NotFound, match="nothing of it is as it was any more"):
        again(box)
    assert get(box, "a") == b"new"


def test_all_that_one_entry_deleted_comes_back_together_or_not_at_all(box: ObjectStore):
    for name in "abc":
        put(box, name, name.encode())
        box.delete_object(named(name), to=TO)
    put(box, "b", b"another")

    with pytest.raises(AlreadyThere, match="another object b"):
        back(box)
    assert (names(box), get(box, "b")) == (["b"], b"another")
    box.delete_object(named("b"))
    back(box)
    assert names(box) == ["a", "b", "c"]


def test_one_name_may_be_in_the_trash_more_than_once(box: ObjectStore):
    for number in (1, 2):
        put(box, "a", LARGE + bytes([number]))
        box.delete_object(named("a"), to=Trash(entry=f"e{number}", until_s=LATER_S))
    back(box, "e1")

    assert get(box, "a") == LARGE + b"\x01"
    with pytest.raises(AlreadyThere):
        back(box, "e2")
    trashcan.empty(box)
    assert get(box, "a") == LARGE + b"\x01"
    with pytest.raises(NotFound):
        back(box, "e2")


def test_what_is_over_leaves_for_good_and_the_rest_stays(box: ObjectStore):
    for name, until_s in (("old", 10), ("young", LATER_S), ("small", 10)):
        put(box, name, LARGE if name != "small" else SMALL)
        box.delete_object(named(name), to=Trash(entry=name, until_s=until_s))

    assert trashcan.empty(box, 11) == {"old", "small"}
    with pytest.raises(NotFound, match="not in the trash any more"):
        back(box, "old")
    back(box, "young")
    assert names(box) == ["young"]
    assert trashcan.empty(box) == set()  # it forgets who may be deleted again, and no bytes
    assert get(box, "young") == LARGE
    copies = len(data_files(box)) if box.files.replicas == 1 else len(data_files(box)) // 2
    assert copies == 1


def test_a_container_comes_back_with_its_metadata_and_what_was_deleted_in_it(box: ObjectStore):
    put(box, "a", LARGE)
    box.delete_object(named("a"), to=TO)
    box.delete_container(ACCOUNT, "c", to=Trash(entry="e2", until_s=LATER_S))

    assert box.list_account(ACCOUNT, listing.Query()) == []
    auditor.once(box)
    with pytest.raises(ContainerNotFound, match="the container c is deleted too: undo that first"):
        back(box)
    back(box, "e2")
    back(box)
    assert box.head_container(ACCOUNT, "c").metadata == {"k": "v"}
    assert get(box, "a") == LARGE
    box.delete_object(named("a"))
    again(box, "e2")
    assert box.list_account(ACCOUNT, listing.Query()) == []


def test_a_container_that_was_made_anew_stays(box: ObjectStore):
    box.delete_container(ACCOUNT, "c", to=TO)
    box.put_container(ACCOUNT, "c")
    put(box, "new", SMALL)

    with pytest.raises(AlreadyThere, match="another container c"):
        back(box)
    assert trashcan.has_container(box, ACCOUNT, "c")
    assert trashcan.empty(box) == {"e1"}
    assert (names(box), trashcan.has_container(box, ACCOUNT, "c")) == (["new"], False)


def test_a_container_that_goes_for_good_takes_its_trash_along(box: ObjectStore):
    put(box, "a", LARGE)
    box.delete_object(named("a"), to=TO)
    box.delete_container(ACCOUNT, "c")

    assert data_files(box) == []
    assert list(trashcan.kept(box)) == []


def test_the_trash_says_what_is_in_it(box: ObjectStore):
    for name in "ab":
        put(box, name, SMALL)
        box.delete_object(named(name), to=TO)
    ((account, container, kept),) = trashcan.kept(box)
    assert (account, container, kept.entry, kept.objects) == (ACCOUNT, "c", "e1", 2)
    assert (kept.until_s, kept.is_back, kept.note) == (LATER_S, False, "by ann")
    (first,) = trashcan.versions(box, named("a"))
    with first as download:
        assert download.read(0, 1000) == SMALL
    back(box)
    ((_, _, kept),) = trashcan.kept(box)
    assert kept.is_back
    box.delete_object(named("a"))
    box.delete_object(named("b"))
    box.delete_container(ACCOUNT, "c", to=Trash(entry="e2", until_s=LATER_S))
    assert {kept.entry for _, _, kept in trashcan.kept(box)} == {"e1", "e2"}


def test_a_damaged_container_is_built_again_without_what_was_deleted(tmp_path: Path):
    with ObjectStore(tmp_path / "s", inline_bytes_max=-1) as store:
        store.put_container(ACCOUNT, "c")
        for name in ("kept", "gone"):
            put(store, name, LARGE)
        store.delete_object(named("gone"), to=TO)
        auditor.rebuild(store, ACCOUNT, container="c", why="a test")

        assert names(store) == ["kept"]
        auditor.once(store)
        assert len(data_files(store)) == 1


def test_a_full_disk_empties_the_trash_before_it_refuses(tmp_path: Path, monkeypatch):
    with ObjectStore(tmp_path / "s", reserve_bytes=100 << 20) as store:
        store.put_container(ACCOUNT, "c")
        put(store, "a", LARGE)
        store.delete_object(named("a"), to=TO)
        real = store._space.check

        def check(folder: Path, size_bytes: int) -> None:
            if data_files(store):
                raise StoreFull("no room")
            real(folder, size_bytes)

        monkeypatch.setattr(store._space, "check", check)
        put(store, "b", SMALL)

        assert (names(store), data_files(store)) == (["b"], [])
        put(store, "c", LARGE)
        with pytest.raises(StoreFull):
            put(store, "d", LARGE)


Act = Callable[[ObjectStore], object]
ACTS: dict[str, Act] = {
    "trash": lambda store: store.delete_object(named("old"), to=TO),
    "restore": lambda store: back(store, "trashed"),
    "again": lambda store: again(store, "back"),
    "empty": trashcan.empty,
    "trash container": lambda store: store.delete_container(
        ACCOUNT, "empty", to=Trash(entry="e3", until_s=LATER_S)
    ),
    "restore container": lambda store: back(store, "container", "gone"),
    "delete container": lambda store: store.delete_container(ACCOUNT, "empty"),
}


def furnish(root: Path, keeping: str) -> None:
    with ObjectStore(root, part_power=4, **KEEPINGS[keeping]) as store:
        for container in ("c", "empty", "gone"):
            store.put_container(ACCOUNT, container)
        for name in ("old", "trashed", "back"):
            put(store, name, name.encode() * 1000)
        for name in ("trashed", "back"):
            store.delete_object(named(name), to=Trash(entry=name, until_s=LATER_S))
        back(store, "back")
        for container in ("empty", "gone"):
            with store.put_object(named("x", container)) as upload:
                upload.write(b"x" * 5000)
                upload.commit(Attributes())
            store.delete_object(
                named("x", container), to=Trash(entry=f"x-{container}", until_s=LATER_S)
            )
        store.delete_container(ACCOUNT, "gone", to=Trash(entry="container", until_s=LATER_S))


def whole(store: ObjectStore) -> dict[str, object]:
    """What a client can see, and what is kept beside it."""
    kept = {
        (kept.entry, container, kept.objects, kept.is_back)
        for _, container, kept in trashcan.kept(store)
    }
    return {"seen": seen(store), "kept": kept}


def state_after(root: Path, act: Act | None, keeping: str) -> dict[str, object]:
    furnish(root, keeping)
    with ObjectStore(root, **KEEPINGS[keeping]) as store:
        if act:
            act(store)
        return whole(store)


def check_tidy(store: ObjectStore, *, copies: int) -> None:
    """After a round of the auditor there is a file for each copy of what there is, and no other."""
    audit = auditor.once(store)
    assert not audit.quarantined
    assert not audit.missing
    live = sum(len(objects) - 1 for objects in seen(store).values())
    aside = sum(kept.objects for _, _, kept in trashcan.kept(store) if not kept.is_back)
    assert len(list(store.files.walk())) == copies * (live + aside)
    databases = [p.name for p in (store.root / "containers").glob("*") if p.suffix == ".sqlite"]
    assert set(databases) == store.catalog.accounts.files()


@pytest.mark.crash
@pytest.mark.parametrize("keeping", KEEPINGS)
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_killed_before_any_step_nothing_is_lost_and_nothing_leaks(
    tmp_path: Path, act: Act, keeping: str
):
    old = state_after(tmp_path / "old", None, keeping)
    new = state_after(tmp_path / "new", act, keeping)
    for number in range(1, 1000):
        root = tmp_path / str(number)
        furnish(root, keeping)
        nth = faults.Nth(number, faults.kill_myself)

        def work(root: Path = root, nth: faults.Nth = nth) -> None:
            with faults.watched(before=nth), ObjectStore(root, **KEEPINGS[keeping]) as store:
                act(store)

        is_acknowledged = in_child(work)
        with ObjectStore(root, **KEEPINGS[keeping]) as store:
            state = whole(store)
            check_tidy(store, copies=COPIES[keeping])
            assert whole(store) == state
            if not is_acknowledged and act in (ACTS["empty"], ACTS["delete container"]):
                assert state["seen"] in (old["seen"], new["seen"])
                act_again(act, store)  # it goes on where it was
                state = whole(store)
                check_tidy(store, copies=COPIES[keeping])
                assert state == new
            elif not is_acknowledged:
                assert state in (old, new)
            if is_acknowledged:
                assert state == new
                assert number > 1
                return
    pytest.fail("the act never ends")


def act_again(act: Act, store: ObjectStore) -> None:
    try:
        act(store)
    except ContainerNotFound:
        assert act is ACTS["delete container"]
