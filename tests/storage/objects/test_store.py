"""What the store promises one caller, and many at once."""

import contextlib
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from storage.objects import container, listing, open_containers, timestamps
from storage.objects.errors import (
    AccountNotEmpty,
    ContainerDamaged,
    ContainerNotEmpty,
    ContainerNotFound,
    ObjectDamaged,
    ObjectNotFound,
    StoreBusy,
    StoreFull,
    StoreUnusable,
)
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes
from tests.storage.objects.verbs import ACCOUNT, data_files, get, named, names, put


@pytest.fixture
def furnished(store: ObjectStore) -> ObjectStore:
    """A store with one container, `c`."""
    store.put_container(ACCOUNT, "c")
    return store


@pytest.fixture
def container_path(tmp_path: Path) -> Path:
    container.Container.create(tmp_path / "c.sqlite", ACCOUNT, name="c", timestamp=1)
    return tmp_path / "c.sqlite"


def test_a_second_process_is_refused(store: ObjectStore):
    with pytest.raises(StoreBusy, match="another process"):
        ObjectStore(store.root)


def test_an_account_nobody_used_is_all_zeros(store: ObjectStore):
    info = store.head_account("AUTH_nobody")

    assert (info.timestamp, info.container_count, info.object_count) == (0, 0, 0)
    assert store.list_account("AUTH_nobody", listing.Query()) == []


def test_account_metadata_is_set_and_removed(store: ObjectStore):
    store.post_account(ACCOUNT, {"a": "1", "b": "2"})
    store.post_account(ACCOUNT, {"a": None, "b": "3"})

    assert store.head_account(ACCOUNT).metadata == {"b": "3"}


def test_only_an_empty_account_is_deleted(furnished: ObjectStore):
    with pytest.raises(AccountNotEmpty):
        furnished.delete_account(ACCOUNT)
    furnished.delete_container(ACCOUNT, "c")
    furnished.delete_account(ACCOUNT)

    assert furnished.head_account(ACCOUNT).timestamp == 0


def test_container_metadata_is_set_and_removed(furnished: ObjectStore):
    furnished.post_container(ACCOUNT, "c", changes={"a": "1", "b": "2"})
    assert not furnished.put_container(ACCOUNT, "c", metadata={"a": None})

    assert furnished.head_container(ACCOUNT, "c").metadata == {"b": "2"}


def test_a_container_made_again_is_empty_and_new(furnished: ObjectStore):
    furnished.post_container(ACCOUNT, "c", changes={"a": "1"})
    furnished.delete_container(ACCOUNT, "c")

    assert furnished.put_container(ACCOUNT, "c")
    assert furnished.head_container(ACCOUNT, "c").metadata == {}


def test_accounts_do_not_see_one_another(furnished: ObjectStore):
    put(furnished, "a", b"mine")

    with pytest.raises(ContainerNotFound):
        furnished.get_object(replace(named("a"), account="AUTH_other"))


def test_ranges_are_read_from_where_they_are_asked(furnished: ObjectStore):
    put(furnished, "a", b"0123456789")

    with furnished.get_object(named("a")) as download:
        assert download.read(3, 4) == b"3456"
        assert download.read(8, 4) == b"89"
        assert Path(download.path).read_bytes() == b"0123456789"


def test_an_open_object_is_read_whole_though_replaced_and_deleted(furnished: ObjectStore):
    put(furnished, "a", b"first")
    with furnished.get_object(named("a")) as download:
        put(furnished, "a", b"second")
        furnished.delete_object(named("a"))

        assert Path(download.path).read_bytes() == b"first"
    assert data_files(furnished) == []


def test_a_replaced_object_leaves_one_file(furnished: ObjectStore):
    put(furnished, "a", b"first")
    put(furnished, "a", b"second")

    assert get(furnished, "a") == b"second"
    assert len(data_files(furnished)) == 1


def test_the_clock_may_go_back(furnished: ObjectStore, monkeypatch: pytest.MonkeyPatch):
    first = put(furnished, "a", b"first")
    monkeypatch.setattr(timestamps, "now_ticks", lambda: 1)
    second = put(furnished, "a", b"second")

    assert second.written > first.written
    assert get(furnished, "a") == b"second"


def test_an_expired_object_is_not_there(furnished: ObjectStore):
    put(furnished, "a", b"old news", delete_at=int(time.time()) - 1)
    put(furnished, "b", b"news", delete_at=int(time.time()) + 100)

    with pytest.raises(ObjectNotFound, match="expired"):
        furnished.get_object(named("a"))
    assert get(furnished, "b") == b"news"


def test_metadata_that_no_attribute_can_hold_is_kept(furnished: ObjectStore):
    metadata = {f"X-Object-Meta-{number}": "v" * 200 for number in range(90)}
    put(furnished, "a", b"bytes", metadata=metadata)

    assert furnished.head_object(named("a")).metadata == metadata


def test_a_post_keeps_bytes_and_content_type(furnished: ObjectStore):
    put(furnished, "a", b"bytes", content_type="text/plain", metadata={"a": "1"})
    furnished.post_object(named("a"), metadata={"b": "2"})

    record = furnished.head_object(named("a"))
    assert (record.content_type, record.metadata) == ("text/plain", {"b": "2"})
    assert record.timestamp > record.written


def test_a_truncated_data_file_is_reported(furnished: ObjectStore):
    put(furnished, "a", b"whole")
    (path,) = furnished.files.walk()
    path.write_bytes(b"ha")

    with pytest.raises(ObjectDamaged, match="2 bytes, 5 were written"):
        furnished.get_object(named("a"))


def test_a_missing_data_file_is_reported_and_healed_by_a_put(furnished: ObjectStore):
    put(furnished, "a", b"whole")
    (path,) = furnished.files.walk()
    path.unlink()

    with pytest.raises(ObjectDamaged, match="upload it again"):
        furnished.get_object(named("a"))
    put(furnished, "a", b"again")
    assert get(furnished, "a") == b"again"


@pytest.mark.parametrize("content", [None, b"", b"not a database" * 100])
def test_a_damaged_container_is_reported_and_counted_as_empty(tmp_path: Path, content: bytes):
    with ObjectStore(tmp_path, part_power=1) as store:
        store.put_container(ACCOUNT, "c")
    (file,) = (tmp_path / "containers").glob("*.sqlite")
    file.unlink() if content is None else file.write_bytes(content)

    with ObjectStore(tmp_path) as store:
        with pytest.raises(ContainerDamaged):
            store.head_container(ACCOUNT, "c")
        assert store.head_account(ACCOUNT).object_count == 0


@pytest.mark.parametrize("lost", ["ring.json", "accounts.sqlite"])
def test_a_store_that_lost_a_part_is_not_taken_for_a_new_one(tmp_path: Path, lost: str):
    with ObjectStore(tmp_path, part_power=1) as store:
        store.put_container(ACCOUNT, "c")
    (tmp_path / lost).unlink()

    with pytest.raises(StoreUnusable, match="restore it"):
        ObjectStore(tmp_path)


def test_a_container_file_that_cannot_grow_refuses_and_stays_whole(furnished: ObjectStore):
    """SQLite then ends its transaction by itself, with all that was done in it."""
    with furnished.catalog.borrow(ACCOUNT, "c") as opened:
        opened._db._writer.execute("PRAGMA max_page_count = 8")
    kept = []
    with contextlib.suppress(StoreFull):
        for number in range(1000):
            kept.append(put(furnished, f"{number:04}", b"x", metadata={"k": "v" * 200}).name)

    assert 0 < len(kept) < 1000
    assert names(furnished) == kept
    assert len(data_files(furnished)) == len(kept)
    assert furnished.head_container(ACCOUNT, "c").object_count == len(kept)
    furnished.delete_object(named(kept[0]))
    assert names(furnished) == kept[1:]


def test_only_the_owner_of_the_process_reads_the_files(furnished: ObjectStore):
    assert furnished.root.stat().st_mode & 0o077 == 0


def test_many_writers_of_one_name_leave_one_of_their_objects(furnished: ObjectStore):
    bodies = [bytes([number]) * 100 for number in range(40)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda body: put(furnished, "a", body), bodies))

    assert get(furnished, "a") in bodies
    assert len(data_files(furnished)) == 1
    assert furnished.head_container(ACCOUNT, "c").object_count == 1


def test_readers_never_see_a_mix_while_writers_replace(furnished: ObjectStore):
    put(furnished, "a", b"0" * 5000)
    is_over = threading.Event()

    def read() -> int:
        count = 0
        while not is_over.is_set():
            assert len(set(get(furnished, "a"))) == 1
            count += 1
        return count

    with ThreadPoolExecutor(2) as threads:
        readers = [threads.submit(read) for _ in range(2)]
        for number in range(100):
            put(furnished, "a", bytes([number]) * (number + 1))
        is_over.set()
        assert all(reader.result() for reader in readers)


def test_more_containers_than_stay_open_all_work(store: ObjectStore):
    count = open_containers.IDLE_MAX * 2
    for number in range(count):
        store.put_container(ACCOUNT, f"c{number}")
        with store.put_object(named("a", f"c{number}")) as upload:
            upload.write(b"x" * number)
            upload.commit(Attributes())

    counted = {row.name: row for row in store.list_account(ACCOUNT, listing.Query())}
    assert {name: row.bytes_used for name, row in counted.items()} == {
        f"c{number}": number for number in range(count)
    }


def test_a_container_deleted_during_an_upload_refuses_it(furnished: ObjectStore):
    with furnished.put_object(named("a")) as upload:
        upload.write(b"late")
        furnished.delete_container(ACCOUNT, "c")
        with pytest.raises(ContainerNotFound):
            upload.commit(Attributes())

    assert data_files(furnished) == []


def test_containers_and_objects_are_made_and_removed_by_many_at_once(store: ObjectStore):
    def live(number: int) -> None:
        name = f"c{number % 3}"
        store.put_container(ACCOUNT, name)
        with contextlib.suppress(ContainerNotFound, ContainerNotEmpty):
            with store.put_object(named(f"o{number}", name)) as upload:
                upload.write(b"x")
                upload.commit(Attributes())
            store.delete_object(named(f"o{number}", name))
            store.delete_container(ACCOUNT, name)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(live, range(60)))

    assert store.head_account(ACCOUNT).object_count == len(data_files(store))


@pytest.mark.parametrize("sql", [container.LIST, container.LIST_REVERSE])
def test_a_listing_searches_by_the_primary_key(container_path: Path, sql: str):
    with contextlib.closing(sqlite3.connect(container_path)) as db:
        (plan,) = db.execute(f"EXPLAIN QUERY PLAN {sql}", ("a", b"", 10)).fetchall()

    assert plan[3] == "SEARCH objects USING PRIMARY KEY (name>? AND name<?)"


def test_the_expired_are_found_by_their_index(container_path: Path):
    with contextlib.closing(sqlite3.connect(container_path)) as db:
        (plan,) = db.execute(f"EXPLAIN QUERY PLAN {container.EXPIRED}", (1, 10)).fetchall()

    assert "USING COVERING INDEX objects_delete_at (delete_at<?)" in plan[3]


def test_names_of_any_characters_are_kept_in_order(furnished: ObjectStore):
    odd = ["\x01", "a b", "a/b", "ä", "日本", "\ud7ff", "\ue000", "😀", "\U0010ffff"]
    for name in reversed(odd):
        put(furnished, name, name.encode())

    assert names(furnished) == odd
    assert [get(furnished, name).decode() for name in odd] == odd


def test_a_container_is_at_hand_while_it_is_open(furnished: ObjectStore):
    assert not furnished.is_at_hand(ACCOUNT, "c")
    put(furnished, "o", b"x")
    assert furnished.is_at_hand(ACCOUNT, "c")
    furnished.delete_object(named("o"))
    furnished.delete_container(ACCOUNT, "c")
    assert not furnished.is_at_hand(ACCOUNT, "c")
    assert not furnished.is_at_hand(ACCOUNT, "never")
