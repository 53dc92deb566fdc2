"""Small objects in their container's file: kept, replaced, checked, saved from a damaged one."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage.objects import auditor, container, timestamps
from storage.objects.errors import ContainerNotFound, ObjectDamaged, StoreFull
from storage.objects.store import INLINE_BYTES_MAX, ObjectStore
from storage.objects.transfer import Attributes
from tests.storage.objects.verbs import ACCOUNT, copy, data_files, get, named, names, put

LARGE = b"l" * (INLINE_BYTES_MAX + 1)


def kept(store: ObjectStore) -> list[int]:
    """The sizes of the bytes in the container's file."""
    with (
        store.catalog.borrow(ACCOUNT, "c") as opened,
        opened._db.rows("SELECT length(data) FROM bodies ORDER BY written") as rows,
    ):
        return [size for (size,) in rows]


def rot(store: ObjectStore, name: str) -> None:
    """Flip a bit of an object's bytes, behind the store's back."""
    file = store.catalog.file(ACCOUNT, "c")
    written = store.head_object(named(name)).written
    with sqlite3.connect(file) as db:
        (data,) = db.execute("SELECT data FROM bodies WHERE written = ?", (written,)).fetchone()
        flipped = bytes([data[0] ^ 1]) + data[1:]
        db.execute("UPDATE bodies SET data = ? WHERE written = ?", (flipped, written))
    db.close()


def test_small_objects_need_no_file_and_large_ones_no_row_of_bytes(inline: ObjectStore):
    put(inline, "small", b"s" * INLINE_BYTES_MAX)
    put(inline, "empty", b"")
    put(inline, "large", LARGE)

    assert kept(inline) == [INLINE_BYTES_MAX, 0]
    assert len(data_files(inline)) == 1
    sizes = {name: len(get(inline, name)) for name in names(inline)}
    assert sizes == {"empty": 0, "large": len(LARGE), "small": INLINE_BYTES_MAX}


def test_a_large_one_written_piece_by_piece_is_whole(inline: ObjectStore):
    pieces = [bytes([number]) * 10_000 for number in range(20)]
    with inline.put_object(named("a")) as upload:
        for piece in pieces:
            upload.write(piece)
        upload.commit(Attributes())

    assert get(inline, "a") == b"".join(pieces)


@pytest.mark.parametrize(("first", "second"), [(b"s", LARGE), (LARGE, b"s"), (b"s", b"t")])
def test_whatever_replaces_the_other_nothing_is_left_of_it(
    inline: ObjectStore, first: bytes, second: bytes
):
    put(inline, "a", first)
    put(inline, "a", second)

    assert get(inline, "a") == second
    assert len(data_files(inline)) + len(kept(inline)) == 1
    inline.delete_object(named("a"))
    assert (data_files(inline), kept(inline)) == ([], [])


@pytest.mark.parametrize("data", [b"small", LARGE])
def test_a_copy_is_kept_as_its_source_is(inline: ObjectStore, data: bytes):
    put(inline, "a", data)
    copy(inline, named("a"), named("b"))

    assert get(inline, "b") == data
    assert inline.head_object(named("b")).etag == inline.head_object(named("a")).etag


def test_an_open_small_object_has_a_file_too(inline: ObjectStore):
    put(inline, "a", b"bytes")
    with inline.get_object(named("a")) as download:
        inline.delete_object(named("a"))

        assert Path(download.path).read_bytes() == b"bytes"
        assert download.read(1, 3) == b"yte"


def test_rot_in_a_row_is_not_given_out_and_the_auditor_finds_it(inline: ObjectStore):
    put(inline, "a", b"healthy")
    put(inline, "b", b"healthy")
    rot(inline, "a")

    with pytest.raises(ObjectDamaged, match="rotted"):
        inline.get_object(named("a"))
    (target,) = auditor.mend(inline).quarantined  # what the reader met is looked at first
    assert Path(target).read_bytes() == b"iealthy"
    assert names(inline) == ["a", "b"]
    audit = auditor.once(inline)
    assert (audit.quarantined, audit.missing) == ([], ["AUTH_p/c/a"])
    put(inline, "a", b"again")
    assert get(inline, "a") == b"again"


def test_what_can_be_read_of_a_damaged_file_is_saved(tmp_path: Path):
    with ObjectStore(tmp_path, part_power=1) as store:
        store.put_container(ACCOUNT, "c", metadata={"k": "v"})
        for number in range(50):
            put(store, f"{number:02}", bytes([number]) * 5000)
        store.post_object(named("07"), metadata={"m": "1"})
        file = store.catalog.file(ACCOUNT, "c")
    pages = bytearray(file.read_bytes())
    page = next(n for n in range(0, len(pages), 4096) if bytes([25]) * 4000 in pages[n : n + 4096])
    pages[page : page + 4096] = b"\xff" * 4096  # one object's bytes, and where they go on
    file.write_bytes(pages)

    with ObjectStore(tmp_path) as store:
        assert auditor.once(store).rebuilt == ["AUTH_p/c"]
        assert names(store) == [f"{number:02}" for number in range(50) if number != 25]
        assert all(get(store, name) == bytes([int(name)]) * 5000 for name in names(store))
        assert store.head_object(named("07")).metadata == {"m": "1"}
        assert store.head_container(ACCOUNT, "c").metadata == {"k": "v"}
        assert store.head_container(ACCOUNT, "c").object_count == 49
        assert auditor.once(store) == auditor.Audit(objects=49, size_bytes=49 * 5000)


def test_the_clock_may_go_back_between_two_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with ObjectStore(tmp_path, part_power=1) as store:
        store.put_container(ACCOUNT, "c")
        record = put(store, "a", b"first")
    monkeypatch.setattr(timestamps, "now_ticks", lambda: record.written - 1)

    with ObjectStore(tmp_path) as store:
        for number in range(3):
            assert put(store, f"b{number}", b"second").written > record.written
        assert get(store, "a") == b"first"


def test_many_writers_share_commits(inline: ObjectStore):
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda n: put(inline, f"{n:03}", b"x" * n), range(200)))

    assert names(inline) == [f"{n:03}" for n in range(200)]
    assert sum(kept(inline)) == sum(range(200))
    assert inline.head_container(ACCOUNT, "c").bytes_used == sum(range(200))


def test_one_that_fails_beside_others_is_refused_alone(inline: ObjectStore):
    """Changes that wait together are one transaction; if one fails, each its own savepoint."""
    with inline.catalog.borrow(ACCOUNT, "c") as opened:
        is_locked, go = threading.Event(), threading.Event()

        def hold(db: sqlite3.Connection) -> None:
            is_locked.set()
            go.wait(20)

        def refuse(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM objects")
            raise StoreFull("refused")

        put(inline, "a", b"kept")
        with ThreadPoolExecutor(4) as threads:
            first = threads.submit(opened._db.change, hold)
            is_locked.wait(20)
            refused = threads.submit(opened._db.change, refuse)
            others = [threads.submit(put, inline, f"{n}", b"x") for n in range(2)]
            while len(opened._db._jobs) < 3:
                pass
            go.set()
            first.result(20)
            [other.result(20) for other in others]
            with pytest.raises(StoreFull):
                refused.result(20)

    assert names(inline) == ["0", "1", "a"]


def test_a_store_of_before_is_opened_and_brought_up(tmp_path: Path):
    """What an earlier version left: a ring of one replica, containers without bodies."""
    with ObjectStore(tmp_path, part_power=1, inline_bytes_max=-1) as store:
        store.put_container(ACCOUNT, "c")
        put(store, "old", b"o" * 3_000_000)
        file = store.catalog.file(ACCOUNT, "c")
    with sqlite3.connect(file) as db:
        db.executescript("DROP TABLE bodies; DROP TABLE blocks; PRAGMA user_version = 0")
    db.close()
    (tmp_path / "d1" / "device.json").unlink()
    (tmp_path / "ring.json").write_text(
        '{"part_power": 1, "devices": [{"id": 1, "directory": "d1", "weight": 1.0}],'
        ' "part_to_device": [0, 0]}'
    )

    with ObjectStore(tmp_path) as store:
        assert get(store, "old") == b"o" * 3_000_000
        put(store, "new", b"small")
        with store.get_object(named("old")) as download:  # its blocks were summed by the reader
            assert len(download.blocks) == 3 * 8
        assert auditor.once(store) == auditor.Audit(objects=2, size_bytes=3_000_005)
    with ObjectStore(tmp_path) as store:
        assert (get(store, "new"), len(data_files(store))) == (b"small", 1)


def test_a_read_goes_by_keys_alone(tmp_path: Path):
    container.Container.create(tmp_path / "c.sqlite", ACCOUNT, name="c", timestamp=1)
    with sqlite3.connect(tmp_path / "c.sqlite") as db:
        plans = {
            sql: [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
            for sql, values in ((container.READ, ("a",)), (container.RECORDS, ("a", 10)))
        }
    db.close()

    assert all("SCAN" not in line and "TEMP" not in line for p in plans.values() for line in p)


def test_what_is_put_together_is_as_if_put_one_by_one(inline: ObjectStore):
    """New names alone, a name twice, one that is there, one that may not be replaced."""
    put(inline, "there", LARGE)
    put(inline, "stays", b"as it was")

    def write(name: str, data: bytes, *, may: bool = True) -> None:
        with inline.put_object(named(name)) as upload:
            upload.write(data)
            upload.commit(Attributes(), may_replace=lambda _: may)

    for puts in (
        [("a", b"1"), ("b", b"22"), ("c", b"")],
        [("d", b"old"), ("d", b"new"), ("e", b"5")],
        [("f", b"6"), ("there", b"small"), ("g", b"7")],
        [("h", b"8"), ("stays", b"gone"), ("i", b"9")],
    ):
        with inline.catalog.borrow(ACCOUNT, "c") as opened, ThreadPoolExecutor(4) as threads:
            with opened._db.lock:
                done = []
                for count, (name, data) in enumerate(puts, start=1):
                    done.append(threads.submit(write, name, data, may=name != "stays"))
                    while len(opened._db._jobs) < count:
                        pass
            failed = [name for (name, _), one in zip(puts, done, strict=True) if one.exception(20)]
        assert failed == (["stays"] if ("stays", b"gone") in puts else [])

    expected = {
        "a": b"1", "b": b"22", "c": b"", "d": b"new", "e": b"5", "f": b"6", "g": b"7", "h": b"8",
        "i": b"9", "stays": b"as it was", "there": b"small",
    }  # fmt: skip
    assert {name: get(inline, name) for name in names(inline)} == expected
    assert sorted(kept(inline)) == sorted(map(len, expected.values()))
    assert data_files(inline) == []
    info = inline.head_container(ACCOUNT, "c")
    assert info.object_count == len(expected)
    assert info.bytes_used == sum(map(len, expected.values()))


def test_what_waits_together_for_a_container_that_goes_is_refused(inline: ObjectStore):
    """None of it is acknowledged: nobody would find it again."""
    with (
        inline.catalog.borrow(ACCOUNT, "c") as opened,
        ThreadPoolExecutor(2) as threads,
    ):
        with opened._db.lock:
            waiting = [threads.submit(put, inline, name, b"lost") for name in ("a", "b")]
            while len(opened._db._jobs) < len(waiting):
                pass
            inline.delete_container(ACCOUNT, "c")
        assert [type(one.exception(20)) for one in waiting] == [ContainerNotFound] * 2
