"""Several devices: replicas, and what happens when one comes, is emptied, is lost, or rots."""

import contextlib
import errno
import os
import random
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.objects import auditor, pace
from storage.objects.errors import ObjectDamaged, StoreError, StoreFull, StoreUnusable
from storage.objects.ring import Ring, Wish
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes
from tests.storage.objects.verbs import ACCOUNT, get, named, names, put

MIB = 1 << 20


class Told(list[str]):
    """What a store told of itself."""

    def __call__(self, what: str, /, **facts: str) -> None:
        self.append(what)


def wishes(tmp_path: Path, *numbers: int) -> list[Wish]:
    """Devices by number, each in a zone of its own but 1 and 2, which share one."""
    zones = {1: "a", 2: "a"}
    return [Wish(directory=str(tmp_path / f"disk{n}"), zone=zones.get(n, f"z{n}")) for n in numbers]


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def pair(tmp_path: Path, told: Told) -> Iterator[ObjectStore]:
    """Two devices, two replicas, a container."""
    devices = wishes(tmp_path, 1, 3)
    with ObjectStore(tmp_path / "s", part_power=4, devices=devices, replicas=2, tell=told) as made:
        made.put_container(ACCOUNT, "c")
        yield made


def fill(store: ObjectStore, count: int) -> dict[str, bytes]:
    bodies = {f"o{n:03}": bytes([n % 251]) * (n * 37) for n in range(count)}
    for name, data in bodies.items():
        put(store, name, data)
    return bodies


def holds(store: ObjectStore, bodies: dict[str, bytes]) -> bool:
    return {name: get(store, name) for name in names(store)} == bodies


def files_on(tmp_path: Path, number: int) -> list[Path]:
    return sorted((tmp_path / f"disk{number}" / "objects").rglob("*.data"))


def test_each_object_is_on_as_many_devices_as_there_are_replicas(pair, tmp_path):
    bodies = fill(pair, 20)

    first, second = files_on(tmp_path, 1), files_on(tmp_path, 3)
    assert [path.name for path in first] == [path.name for path in second]
    assert len(first) == 20
    pair.delete_object(named("o000"))
    del bodies["o000"]
    assert (len(files_on(tmp_path, 1)), len(files_on(tmp_path, 3))) == (19, 19)
    assert holds(pair, bodies)


def test_replicas_go_to_different_zones(tmp_path):
    with ObjectStore(tmp_path / "s", devices=wishes(tmp_path, 1, 2, 3), replicas=2) as store:
        ring = store.files.ring

    used = [{ring.devices[index].zone for index in own} for own in ring.part_to_devices]
    assert all(len(zones) == 2 for zones in used)


def test_a_rotten_block_is_read_from_the_other_copy_and_mended(pair, tmp_path, told):
    data = random.Random(1).randbytes(3 * MIB)
    put(pair, "a", data)
    path = pair.files.path(named("a"), pair.head_object(named("a")).written)
    rotten = bytearray(path.read_bytes())
    rotten[2 * MIB + 5] ^= 1
    path.write_bytes(rotten)

    with pair.get_object(named("a")) as download:
        assert download.read(2 * MIB, MIB) == data[2 * MIB :]
        assert download.read(0, 4 * MIB) == data
    audit = auditor.mend(pair)
    assert (audit.repaired, audit.placed) == (["AUTH_p/c/a"], 1)
    assert path.read_bytes() == data
    assert told == ["quarantined", "repaired"]


def test_a_rotten_block_without_another_copy_is_given_to_nobody(tmp_path):
    data = random.Random(1).randbytes(3 * MIB)
    with ObjectStore(tmp_path / "s", part_power=2) as store:
        store.put_container(ACCOUNT, "c")
        put(store, "a", data)
        (path,) = store.files.walk()
        rotten = bytearray(data)
        rotten[2 * MIB + 5] ^= 1
        path.write_bytes(rotten)

        with store.get_object(named("a")) as download:
            assert download.read(MIB - 3, MIB) == data[MIB - 3 : 2 * MIB - 3]
            with pytest.raises(ObjectDamaged, match="block 2 rotted"):
                download.read(2 * MIB + 9, 1)
        assert len(auditor.mend(store).quarantined) == 1


def test_rot_in_100_objects_is_all_found_and_all_repaired(pair, tmp_path):
    bodies = {f"o{n:03}": random.Random(n).randbytes(1 + n * 997) for n in range(120)}
    for name, data in bodies.items():
        put(pair, name, data)
    chance = random.Random(2)
    for name in chance.sample(sorted(bodies), 100):
        written = pair.head_object(named(name)).written
        path = chance.choice(pair.files.copies(named(name), written))
        rotten = bytearray(path.read_bytes())
        rotten[chance.randrange(len(rotten))] ^= 1 << chance.randrange(8)
        path.write_bytes(rotten)

    audit = auditor.once(pair)

    assert len(audit.quarantined) == len(audit.repaired) == audit.placed == 100
    assert audit.missing == []
    assert holds(pair, bodies)
    assert auditor.once(pair) == auditor.Audit(objects=120, size_bytes=audit.size_bytes)


def test_a_new_device_takes_its_share_while_reads_and_writes_go_on(tmp_path):
    with ObjectStore(
        tmp_path / "s", part_power=6, devices=wishes(tmp_path, 1), replicas=1
    ) as store:
        store._inline_bytes_max = -1
        store.put_container(ACCOUNT, "c")
        bodies = fill(store, 100)
        is_over = threading.Event()
        read: list[bool] = []

        def use() -> None:
            chance = random.Random(3)
            while not is_over.is_set():
                name = chance.choice(sorted(bodies))
                read.append(get(store, name) == bodies[name])
                put(store, f"new{len(read)}", b"n")

        user = threading.Thread(target=use)
        user.start()
        store.place(wishes(tmp_path, 1, 3), replicas=1)
        audit = auditor.settle(store)
        is_over.set()
        user.join()

        assert read
        assert all(read)
        assert audit.placed == audit.displaced > 20
        auditor.settle(store)  # a write that was begun before the device came, if there is one
        assert store.is_settled
        assert len(files_on(tmp_path, 3)) > 20
        assert auditor.once(store).placed == 0
        written = {n: store.head_object(named(n)).written for n in names(store)}
        where = [store.files.copies(named(n), w) == store.files.homes(named(n), w)
                 for n, w in written.items()]  # fmt: skip
        assert all(where)


@pytest.mark.parametrize("is_walked", [False, True], ids=["during the walk", "after it"])
def test_a_write_begun_before_a_device_came_is_moved_when_it_ends(tmp_path, is_walked):
    with ObjectStore(
        tmp_path / "s", part_power=6, devices=wishes(tmp_path, 1), inline_bytes_max=-1
    ) as store:
        store.put_container(ACCOUNT, "c")
        with contextlib.ExitStack() as begun:
            uploads = [begun.enter_context(store.put_object(named(f"o{n}"))) for n in range(20)]
            for upload in uploads:
                upload.write(b"slow")
            store.place(wishes(tmp_path, 1, 3), replicas=1)
            unsettled = store.unsettled
            if is_walked:
                auditor.settle(store)
                assert store.is_settled
            for upload in uploads:
                upload.commit(Attributes())
            store.settle(since=unsettled)

        assert not store.is_settled
        assert holds(store, {f"o{n}": b"slow" for n in range(20)})
        moved = auditor.settle(store).placed
        assert moved == len(files_on(tmp_path, 3)) > 0
        assert store.is_settled
        assert auditor.once(store).placed == 0


def test_a_device_named_no_more_is_emptied_and_forgotten(tmp_path):
    root = tmp_path / "s"
    two, one = wishes(tmp_path, 1, 3), wishes(tmp_path, 3)
    with ObjectStore(root, part_power=4, devices=two, inline_bytes_max=-1) as store:
        store.put_container(ACCOUNT, "c")
        bodies = fill(store, 40)
        assert files_on(tmp_path, 1)
    with ObjectStore(root, devices=one, inline_bytes_max=-1) as store:
        assert not store.is_settled
        assert holds(store, bodies)  # before anything was moved
        auditor.settle(store)
        assert holds(store, bodies)
        assert (len(files_on(tmp_path, 1)), len(files_on(tmp_path, 3))) == (0, 40)
    with ObjectStore(root, devices=one) as store:
        assert [device.directory for device in store.files.ring.devices] == [one[0].directory]


def test_the_first_device_of_a_store_is_emptied_onto_those_that_the_user_names(tmp_path):
    root = tmp_path / "s"
    with ObjectStore(root, part_power=4, inline_bytes_max=-1) as store:
        store.put_container(ACCOUNT, "c")
        bodies = fill(store, 10)
    with ObjectStore(root, devices=wishes(tmp_path, 1, 3), replicas=2) as store:
        auditor.settle(store)
        assert holds(store, bodies)
        assert len(files_on(tmp_path, 1)) == len(files_on(tmp_path, 3)) == 10
        assert list((root / "d1" / "objects").rglob("*.data")) == []


def test_a_lost_device_is_made_up_for_and_comes_back(tmp_path, told):
    root, three = tmp_path / "s", wishes(tmp_path, 1, 3, 4)
    with ObjectStore(root, part_power=4, devices=three, replicas=2) as store:
        store.put_container(ACCOUNT, "c")
        bodies = fill(store, 30)
    away = tmp_path / "away"
    (tmp_path / "disk3").rename(away)
    (tmp_path / "disk3").mkdir()  # where nothing is mounted now

    with ObjectStore(root, devices=three, replicas=2, tell=told) as store:
        assert holds(store, bodies)
        put(store, "new", b"written meanwhile")
        bodies["new"] = b"written meanwhile"
        audit = auditor.settle(store)
        assert audit.placed > 0
        assert len(files_on(tmp_path, 1)) == len(files_on(tmp_path, 4)) == 31
        assert list((tmp_path / "disk3").iterdir()) == []
    (tmp_path / "disk3").rmdir()
    away.rename(tmp_path / "disk3")
    with ObjectStore(root, devices=three, replicas=2) as store:
        assert not store.is_settled
        auditor.once(store)
        assert holds(store, bodies)
        assert sum(len(files_on(tmp_path, n)) for n in (1, 3, 4)) == 62
        assert store.is_settled


def test_a_device_that_goes_away_while_it_is_used_stops_nobody(pair, tmp_path, told):
    bodies = fill(pair, 10)
    shutil.rmtree(tmp_path / "disk3")

    put(pair, "new", b"n")
    assert holds(pair, bodies | {"new": b"n"})
    assert told == ["device lost"]
    assert not pair.is_settled


def test_the_reader_that_finds_a_device_gone_reads_on(pair, tmp_path, told):
    bodies = fill(pair, 10)
    shutil.rmtree(tmp_path / "disk3")

    assert holds(pair, bodies)
    assert told == ["device lost"]


def test_without_any_device_writes_are_refused_in_form(pair, tmp_path):
    for number in (1, 3):
        shutil.rmtree(tmp_path / f"disk{number}")

    for _ in range(2):
        with pytest.raises(StoreError):
            put(pair, "a", b"bytes")


def test_a_device_that_is_full_keeps_the_others_from_nothing(pair, tmp_path, monkeypatch):
    """Its share waits; what is re-placed elsewhere is, and the next round tries again."""
    bodies = fill(pair, 20)
    shutil.rmtree(tmp_path / "disk3" / "objects")
    (tmp_path / "disk3" / "objects").mkdir()
    real_link = os.link
    refused: list[str] = []

    def full(source: str, target: Path, **options: Any) -> None:
        if "disk3" in str(target) and len(refused) < 5:
            refused.append(str(target))
            raise OSError(errno.ENOSPC, "No space left on device")
        real_link(source, target, **options)

    monkeypatch.setattr(os, "link", full)
    audit = auditor.once(pair)

    assert (len(audit.failed), audit.placed, audit.missing) == (5, 15, [])
    assert auditor.once(pair).placed == 5
    assert holds(pair, bodies)


def test_one_full_device_refuses_only_what_goes_there(tmp_path, monkeypatch):
    disks = wishes(tmp_path, 1, 3)
    with ObjectStore(tmp_path / "s", part_power=4, devices=disks, reserve_bytes=MIB) as store:
        store.put_container(ACCOUNT, "c")
        real = os.statvfs

        def full(path: Path) -> os.statvfs_result:
            found = list(real(path))
            found[4] = 0 if "disk3" in str(path) else found[4]  # f_bavail
            return os.statvfs_result(found)

        monkeypatch.setattr(os, "statvfs", full)
        refused = 0
        for number in range(30):
            try:
                put(store, f"{number}", b"x" * 100_000)
            except StoreFull:
                refused += 1
            put(store, f"small{number}", b"x")

        assert len(files_on(tmp_path, 1)) == 30 - refused
        assert 0 < refused < 30
        assert files_on(tmp_path, 3) == []


def test_a_disk_of_another_place_is_refused(tmp_path):
    with ObjectStore(tmp_path / "s", part_power=2, devices=wishes(tmp_path, 1, 3)):
        pass
    (tmp_path / "disk1").rename(tmp_path / "x")
    (tmp_path / "disk3").rename(tmp_path / "disk1")
    (tmp_path / "x").rename(tmp_path / "disk3")

    with pytest.raises(StoreUnusable, match="changed places"):
        ObjectStore(tmp_path / "s", devices=wishes(tmp_path, 1, 3))


def test_a_disk_of_another_store_is_refused_before_anything_is_removed(tmp_path):
    disk = wishes(tmp_path, 1)
    with ObjectStore(tmp_path / "s", part_power=2, devices=disk, inline_bytes_max=-1) as store:
        store.put_container(ACCOUNT, "c")
        put(store, "a", b"a")

    with pytest.raises(StoreUnusable, match="another store"):
        ObjectStore(tmp_path / "t", devices=disk)
    assert len(files_on(tmp_path, 1)) == 1


def test_a_device_that_was_there_before_may_be_named_again(tmp_path):
    root, one, two = tmp_path / "s", wishes(tmp_path, 1), wishes(tmp_path, 3)
    with ObjectStore(root, part_power=2, devices=one, inline_bytes_max=-1) as store:
        store.put_container(ACCOUNT, "c")
        bodies = fill(store, 10)
    for devices in (two, two, one, one):  # moved, forgotten, moved back, forgotten
        with ObjectStore(root, devices=devices, inline_bytes_max=-1) as store:
            assert holds(store, bodies)
            auditor.settle(store)
            assert holds(store, bodies)

    assert (len(files_on(tmp_path, 1)), len(files_on(tmp_path, 3))) == (10, 0)


def test_background_work_keeps_its_pace_and_stops_when_told(pair):
    fill(pair, 30)
    is_over = threading.Event()
    slow = pace.Pace(0.001, is_over)  # a thousand bytes a second
    stopped: list[bool] = []

    def audit() -> None:
        try:
            auditor.once(pair, slow)
        except pace.Stopped:
            stopped.append(True)

    worker = threading.Thread(target=audit)
    worker.start()
    worker.join(0.2)
    assert worker.is_alive()
    is_over.set()
    worker.join(20)
    assert stopped == [True]


def test_a_ring_with_replicas_is_loaded_equal(tmp_path):
    with ObjectStore(tmp_path / "s", part_power=3, devices=wishes(tmp_path, 1, 3, 4), replicas=2):
        pass
    loaded = Ring.load(tmp_path / "s" / "ring.json")

    assert loaded.replicas == 2
    assert all(len(set(own)) == 2 for own in loaded.part_to_devices)
