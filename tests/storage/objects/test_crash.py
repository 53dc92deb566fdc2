"""Killed, or refused by the disk, at any step: no half is seen and no acknowledged act lost."""

import contextlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest

from storage.objects import auditor, listing
from storage.objects.errors import StoreFull
from storage.objects.ring import Wish
from storage.objects.store import ObjectStore
from tests.storage.objects import faults
from tests.storage.objects.verbs import ACCOUNT, copy, named, put

ACKNOWLEDGED, FAILED = 0, 1
# How objects are kept: in files, in their container's file, in files on two devices.
PAIR = [Wish(directory="d1"), Wish(directory="d2")]
KEEPINGS: dict[str, dict[str, Any]] = {
    "files": {"inline_bytes_max": -1},
    "inline": {},
    "replicas": {"devices": PAIR, "replicas": 2},
}
COPIES = {"files": 1, "inline": 0, "replicas": 2}

State = dict[str, dict[str, tuple[bytes, str, dict[str, str]]]]
Act = Callable[[ObjectStore], object]

ACTS: dict[str, Act] = {
    "put": lambda store: put(store, "new", b"n" * 5000),
    "overwrite": lambda store: put(store, "old", b"n" * 5000),
    "delete": lambda store: store.delete_object(named("old")),
    "post": lambda store: store.post_object(named("old"), metadata={"k": "v"}),
    "copy": lambda store: copy(store, named("old"), named("new")),
    "put container": lambda store: store.put_container(ACCOUNT, "new"),
    "post container": lambda store: store.post_container(ACCOUNT, "c", changes={"k": "v"}),
    "delete container": lambda store: store.delete_container(ACCOUNT, "empty"),
}


def furnish(root: Path, keeping: str) -> None:
    with ObjectStore(root, part_power=4, **KEEPINGS[keeping]) as store:
        store.put_container(ACCOUNT, "c")
        store.put_container(ACCOUNT, "empty")
        put(store, "old", b"o" * 3000)


def seen(store: ObjectStore) -> State:
    """Read all that a client can see, through the verbs a client has."""
    state: State = {}
    for container in store.list_account(ACCOUNT, listing.Query()):
        objects = {}
        for row in store.list_container(ACCOUNT, container.name, query=listing.Query()):
            with store.get_object(named(row.name, container.name)) as download:
                record = download.record
                data = download.read(0, record.size_bytes)
            objects[row.name] = (data, record.etag, dict(record.metadata))
        info = store.head_container(ACCOUNT, container.name)
        used = sum(len(data) for data, _, _ in objects.values())
        assert (info.object_count, info.bytes_used) == (len(objects), used)
        state[container.name] = objects | {"": (b"", "", dict(info.metadata))}
    return state


def state_after(root: Path, act: Act | None, keeping: str) -> State:
    furnish(root, keeping)
    with ObjectStore(root, **KEEPINGS[keeping]) as store:
        if act:
            act(store)
        return seen(store)


def in_child(work: Callable[[], None]) -> bool:
    """Do the work in a child process; return False if it was killed in it."""
    if not (child := os.fork()):
        with contextlib.suppress(BaseException):
            work()
            os._exit(ACKNOWLEDGED)
        os._exit(FAILED)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == ACKNOWLEDGED
    return os.WIFEXITED(status)


def check_tidy(store: ObjectStore, *, copies: int) -> None:
    """After a round of the auditor there is a file for each copy of each row, and no other."""
    audit = auditor.once(store)
    assert not audit.quarantined
    assert not audit.missing
    assert audit.orphans <= 2
    assert audit.placed == audit.displaced == 0
    state = seen(store)
    count = sum(len(objects) - 1 for objects in state.values())
    assert len(list(store.files.walk())) == copies * count
    databases = [p.name for p in (store.root / "containers").glob("*") if p.suffix == ".sqlite"]
    assert len(databases) == len(state)


@pytest.mark.crash
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("keeping", KEEPINGS)
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_killed_at_any_step_the_act_happened_or_not(
    tmp_path: Path, act: Act, when: str, keeping: str
):
    old = state_after(tmp_path / "old", None, keeping)
    new = state_after(tmp_path / "new", act, keeping)
    for number in range(1, 1000):
        root = tmp_path / str(number)
        furnish(root, keeping)
        hook = {when: faults.Nth(number, faults.kill_myself)}

        def work(root: Path = root, hook: dict[str, faults.Nth] = hook) -> None:
            with faults.watched(**hook), ObjectStore(root, **KEEPINGS[keeping]) as store:
                act(store)

        is_acknowledged = in_child(work)
        with ObjectStore(root, **KEEPINGS[keeping]) as store:
            state = seen(store)
            check_tidy(store, copies=COPIES[keeping])
            assert seen(store) == state
            if is_acknowledged:
                assert state == new
                assert number > 1
                return
            assert state in (old, new)
    pytest.fail("the act never ends")


@pytest.mark.crash
@pytest.mark.parametrize("keeping", KEEPINGS)
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_refused_at_any_step_by_a_full_disk_nothing_changed(tmp_path: Path, act: Act, keeping: str):
    old = state_after(tmp_path / "old", None, keeping)
    new = state_after(tmp_path / "new", act, keeping)
    for number in range(1, 1000):
        root = tmp_path / str(number)
        furnish(root, keeping)
        nth = faults.Nth(0, faults.fail)
        watched = faults.watched(before=nth)
        with watched, ObjectStore(root, **KEEPINGS[keeping]) as store:
            before = len(list(store.files.walk()))
            nth.left = number
            is_refused = False
            try:
                act(store)
            except StoreFull:
                is_refused = True
            nth.left = 0
            assert seen(store) == (old if is_refused else new)
            assert not is_refused or len(list(store.files.walk())) == before
            check_tidy(store, copies=COPIES[keeping])
        if not nth.reached:
            return
    pytest.fail("the act never ends")


@pytest.mark.crash
def test_killed_at_any_step_of_its_first_opening_a_store_opens(tmp_path: Path):
    for number in range(1, 1000):
        root = tmp_path / str(number)
        nth = faults.Nth(number, faults.kill_myself)

        def work(root: Path = root, nth: faults.Nth = nth) -> None:
            with faults.watched(before=nth):
                ObjectStore(root, part_power=4).close()

        is_open = in_child(work)
        with ObjectStore(root, part_power=4) as store:
            store.put_container(ACCOUNT, "c")
            put(store, "a", b"bytes")
            check_tidy(store, copies=0)
        if is_open:
            assert number > 1
            return
    pytest.fail("the opening never ends")


def test_a_put_is_durable_from_the_bottom_up_with_three_waits_for_the_disk(tmp_path: Path):
    """The third wait is SQLite's, in COMMIT. The order is what a power cut cannot break."""
    furnish(tmp_path / "store", "files")
    steps: list[str] = []
    watched = faults.watched(after=steps.append)
    with watched, ObjectStore(tmp_path / "store", inline_bytes_max=-1) as store:
        put(store, "old", b"warm up: the partition's directory")
        steps.clear()
        put(store, "old", b"bytes")

    assert steps[:6] == ["write", "setxattr", "fsync", "link", "fsync", "BEGIN"]
    assert steps[-2:] == ["COMMIT", "unlink"]


def test_a_small_put_waits_for_the_disk_once_with_all_that_wait_beside_it(tmp_path: Path):
    """The wait is SQLite's, in COMMIT; who comes meanwhile shares the next one."""
    furnish(tmp_path / "store", "inline")
    steps: list[str] = []
    with faults.watched(after=steps.append), ObjectStore(tmp_path / "store") as store:
        steps.clear()
        with store.catalog.borrow(ACCOUNT, "c") as opened, ThreadPoolExecutor(8) as threads:
            with opened._db.lock:
                puts = [threads.submit(put, store, f"{n}", b"bytes") for n in range(8)]
                while len(opened._db._jobs) < 8:
                    pass
            wait(puts)

        assert (steps[0], steps[-1], steps.count("COMMIT")) == ("BEGIN", "COMMIT", 1)
        assert not {"write", "fsync", "link"} & set(steps)
        assert store.head_container(ACCOUNT, "c").object_count == 9
