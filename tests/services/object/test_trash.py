"""What users delete by either face rests in the trash, stands in the journal, and comes back."""

import dataclasses
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import clock, config, context, errors, ids
from appliance.db import connection, journal
from appliance.model.journal import EntryState
from services.api.cloud.objects_undone import ObjectsUndone
from services.object import bucket as buckets
from services.object import garbage, sysmeta, trash, versions
from services.object.contents import SLO
from services.object.trash import Bin
from storage.objects import trashcan
from storage.objects.errors import ObjectNotFound
from storage.objects.object_file import ObjectName
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes
from tests.services.object.boxes import CTX, URL, Box


@pytest.fixture
def box(settings: config.Settings, db: connection.Database) -> Iterator[Box]:
    box = Box(settings, db)
    yield box
    box.store.close()


def test_a_deleted_object_is_not_found_at_once_and_an_undo_brings_it_back(box: Box):
    box.put("a", data=b"x" * 100_000)
    before = box.client.get(f"{URL}/a").headers
    box.delete("a")
    assert box.client.get(f"{URL}/a").status_code == 404
    assert box.client.head("/v1/AUTH_p").headers["X-Account-Bytes-Used"] == "0"

    (entry,) = box.entries()
    assert (entry.action, entry.name, entry.user_name) == ("object.delete", "c/a", "member")
    assert (entry.project_id, entry.state) == ("p", EntryState.DONE)
    assert ids.is_request_id(entry.request_id)

    undone = box.listen()
    undone.turn(CTX, entry, is_redo=False)
    after = box.client.get(f"{URL}/a")
    assert (after.content, after.headers["X-Timestamp"]) == (b"x" * 100_000, before["X-Timestamp"])
    turned = journal.get(box.db, entry.id)
    assert turned.state is EntryState.UNDONE

    undone.turn(CTX, turned, is_redo=True)
    assert box.names() == []
    assert journal.get(box.db, entry.id).state is EntryState.DONE
    undone.turn(CTX, journal.get(box.db, entry.id), is_redo=False)
    assert box.names() == ["a"]


def test_what_goes_within_moments_is_one_entry_and_comes_back_together(box: Box):
    names = [f"{number:03}" for number in range(120)]
    box.put(*names)
    box.delete(*names)

    (entry,) = box.entries()
    assert entry.name == "120 objects of c"
    box.listen().turn(CTX, entry, is_redo=False)
    assert box.names() == names
    box.delete("000")
    assert [one.action for one in box.entries()] == [
        "object.delete", "journal.undo", "object.delete",
    ]  # fmt: skip


def test_what_is_deleted_later_is_another_entry(box: Box, monkeypatch):
    box.put("a", "b")
    box.delete("a")
    monkeypatch.setattr(trash, "BURST_S", 0.0)
    box.delete("b")

    assert [entry.name for entry in box.entries()] == ["c/b", "c/a"]


def test_many_objects_deleted_by_one_request_are_one_entry(box: Box):
    box.put("a", "b")
    box.client.post("/v1/AUTH_p?bulk-delete", content=b"/c/a\n/c/b\n")

    assert [entry.name for entry in box.entries()] == ["2 objects of c"]


def test_a_name_that_was_taken_since_stays_taken(box: Box):
    box.put("a")
    box.delete("a")
    (entry,) = box.entries()
    box.put("a", data=b"new")
    undone = box.listen()

    with pytest.raises(errors.Conflict, match="There is another object a by now"):
        undone.turn(CTX, entry, is_redo=False)
    assert box.client.get(f"{URL}/a").content == b"new"
    assert journal.get(box.db, entry.id).state is EntryState.DONE


def test_a_container_comes_back_with_what_was_in_it_newest_first(box: Box):
    box.put("a")
    box.client.post(URL, headers={"X-Container-Meta-Color": "red"})
    box.delete("a")
    assert box.client.delete(URL).status_code == 204
    assert box.names() == ["404"]
    container, thing = sorted(box.entries(), key=lambda entry: entry.action)
    undone = box.listen()
    with pytest.raises(errors.Conflict, match="The container c is deleted too: undo that first"):
        undone.turn(CTX, thing, is_redo=False)

    undone.turn(CTX, container, is_redo=False)
    undone.turn(CTX, thing, is_redo=False)

    assert (container.action, container.name) == ("container.delete", "c")
    assert box.names() == ["a"]
    assert box.client.head(URL).headers["X-Container-Meta-Color"] == "red"
    with pytest.raises(errors.Conflict):
        undone.turn(CTX, journal.get(box.db, container.id), is_redo=True)


def test_services_delete_for_good_and_so_does_time(box: Box):
    box.put("a", "b")
    box.client.delete(f"{URL}/a", headers={"X-Auth-Token": "service"})
    box.client.post(f"{URL}/b", headers={"X-Delete-After": "1"})
    record = box.store.head_object(ObjectName("AUTH_p", "c", "b"))
    over = dataclasses.replace(record, delete_at=1)
    with box.store.catalog.borrow("AUTH_p", "c") as opened:
        opened.update(over)
    versions.expire(box.store, ObjectName("AUTH_p", "c", "b"), over)

    assert (list(trashcan.kept(box.store)), box.entries()) == ([], [])


def test_nothing_is_kept_where_the_settings_say_so_or_room_is_short(
    settings: config.Settings, db: connection.Database
):
    for kept in (config.Trash(kept_s=0), config.Trash(free_mib=1 << 40)):
        box = Box(dataclasses.replace(settings, trash=kept), db)
        box.put("a")
        box.delete("a")
        assert (list(trashcan.kept(box.store)), box.entries()) == ([], [])
        box.store.close()


def test_what_is_over_leaves_and_its_entry_says_so(box: Box, monkeypatch):
    box.put("a")
    box.delete("a")
    (entry,) = box.entries()
    monkeypatch.setattr(trash.time, "time", lambda: clock.seconds(str(entry.undo_until)) + 1)
    box.recorder.look()

    assert box.entries()[0].state is EntryState.EXPIRED
    with pytest.raises(errors.Gone, match="It is not in the trash any more"):
        box.listen().turn(CTX, entry, is_redo=False)


def test_a_process_that_was_killed_before_it_wrote_the_journal_writes_it_at_its_next_start(
    box: Box,
):
    box.put("a")
    box.delete("a")
    box.store.close()
    box.start()
    assert box.entries() == []

    is_over = threading.Event()
    is_over.set()
    box.recorder.run(is_over)

    assert [entry.name for entry in box.entries()] == ["c/a"]


def test_an_api_that_was_killed_before_it_turned_the_entry_over_is_asked_again(box: Box):
    box.put("a")
    box.delete("a")
    (entry,) = box.entries()
    undone = box.listen()
    trashcan.restore(box.store, "AUTH_p", "c", entry.id, until_s=box.bin.until_s)
    assert journal.get(box.db, entry.id).state is EntryState.DONE

    undone.turn(CTX, entry, is_redo=False)

    assert (box.names(), journal.get(box.db, entry.id).state) == (["a"], EntryState.UNDONE)


def test_an_object_store_that_is_away_is_said_to_be(box: Box):
    box.put("a")
    box.delete("a")
    (entry,) = box.entries()
    box.settings.run_dir.mkdir(exist_ok=True)

    with pytest.raises(errors.Unavailable, match="the object store does not answer"):
        ObjectsUndone(box.db, box.settings.run_dir).turn(CTX, entry, is_redo=False)


def test_the_parts_of_what_is_in_the_trash_are_not_swept(box: Box):
    """An S3 upload's parts are noted an hour before they go: undo may come in between."""
    store, name = box.store, ObjectName("AUTH_p", "c", "big")
    for container in ("c", "c+segments"):
        store.put_container("AUTH_p", container)
    part = ObjectName("AUTH_p", "c+segments", "up/1")
    for each, metadata in ((part, {}), (name, {sysmeta.UPLOAD: "up", SLO: "true"})):
        with store.put_object(each) as upload:
            upload.write(b"[]")
            upload.commit(Attributes(metadata=metadata))
    token = context.current.set(CTX)
    versions.delete(store, buckets.find(store, "AUTH_p", "c"), "big")
    context.current.reset(token)

    garbage.sweep(store, now=clock.now() + garbage.KEPT_S + 1)
    assert store.head_object(part)
    trashcan.empty(store)
    garbage.sweep(store, now=clock.now() + garbage.KEPT_S + 1)
    with pytest.raises(ObjectNotFound):
        store.head_object(part)


def test_deleted_images_make_room_for_who_finds_none(
    settings: config.Settings, db: connection.Database, tmp_path: Path
):
    asked: list[bool] = []

    def let_go() -> bool:
        asked.append(True)
        return True

    store = ObjectStore(tmp_path / "s", reserve_bytes=1 << 60, rubbish=Bin(settings, let_go=let_go))
    store.put_container("AUTH_p", "c")
    with pytest.raises(Exception, match="kept in reserve"):
        store.put_object(ObjectName("AUTH_p", "c", "a"))
    assert asked == [True]
    store.close()
