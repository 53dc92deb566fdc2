"""What is deleted where versions are kept comes back as it was, by whichever rule it went."""

from collections.abc import Iterator

import pytest

from appliance import clock, config, context, errors
from appliance.db import connection
from appliance.model.journal import Entry, EntryState
from services.object import bucket as buckets
from services.object import garbage, sysmeta, undoing, versions
from services.object import trash as trash_of
from services.object.contents import SLO
from storage.objects.object_file import ObjectName
from storage.objects.transfer import Attributes
from tests.services.object.boxes import CTX, URL, Box

ENABLED = {"X-Versions-Enabled": "true"}
SUSPENDED = {"X-Versions-Enabled": "false"}


@pytest.fixture
def box(settings: config.Settings, db: connection.Database) -> Iterator[Box]:
    box = Box(settings, db)
    box.client.put(URL)
    box.client.put("/v1/AUTH_p/old")
    yield box
    box.store.close()


class _Undo:
    """Undoes and does again the newest act that is no undo itself."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._undone = box.listen()

    def entry(self, at: int = 0) -> Entry:
        acts = [one for one in self._box.entries() if one.action.startswith("object.")]
        return acts[at]

    def __call__(self, at: int = 0, *, is_redo: bool = False) -> None:
        self._undone.turn(CTX, self.entry(at), is_redo=is_redo)


def versions_of(box: Box) -> list[str]:
    """The bytes of all versions of `a`, the newest first; a marker is `-`."""
    rows = box.client.get(f"{URL}?versions").json()
    ids = [(row["version_id"], row["content_type"]) for row in rows]
    return [
        "-" if "deleted" in kind else box.client.get(f"{URL}/a?version-id={one}").text
        for one, kind in ids
    ]


def id_of(box: Box, at: int) -> str:
    return str(box.client.get(f"{URL}?versions").json()[at]["version_id"])


def s3_delete(box: Box, version_id: str = "") -> None:
    """As S3's face does: what is left is current."""
    token = context.current.set(CTX)
    versions.delete(box.store, buckets.find(box.store, "AUTH_p", "c"), "a", version_id=version_id)
    context.current.reset(token)


def put(box: Box, *bodies: str) -> None:
    for body in bodies:
        box.put("a", data=body.encode())


@pytest.mark.parametrize("before", [{}, ENABLED])
def test_a_delete_marker_goes_and_what_it_hid_is_current_again(box: Box, before):
    box.client.post(URL, headers=before)
    put(box, "one")
    box.client.post(URL, headers=ENABLED)
    put(box, "two")
    version, undo = id_of(box, 0), _Undo(box)
    box.delete("a")
    assert box.client.delete(f"{URL}/a").status_code == 404  # one more marker, and no entry
    assert (undo.entry().action, undo.entry().name) == ("object.delete", "c/a")
    assert len(box.entries()) == 1

    undo()
    answer = box.client.get(f"{URL}/a")
    assert (answer.text, answer.headers["X-Object-Version-Id"]) == ("two", version)
    assert (box.names(), versions_of(box)) == (["a"], ["two", "one"])
    assert undo.entry().state is EntryState.UNDONE
    undo(is_redo=True)
    assert (box.names(), versions_of(box)) == ([], ["-", "two", "one"])
    undo()
    assert (box.names(), versions_of(box)) == (["a"], ["two", "one"])
    with pytest.raises(errors.NovaboxError):
        undo()


def test_many_deletions_are_one_entry_and_come_back_together(box: Box):
    box.client.post(URL, headers=ENABLED)
    names = [f"{number:02}" for number in range(12)]
    box.put(*names)
    box.delete(*names)
    undo = _Undo(box)

    assert undo.entry().name == "12 objects of c"
    undo()
    assert box.names() == names


def test_what_was_written_since_stays(box: Box):
    box.client.post(URL, headers=ENABLED)
    put(box, "one")
    box.delete("a")
    put(box, "two")
    undo = _Undo(box)

    with pytest.raises(errors.Conflict, match="There is another object a by now"):
        undo()
    assert versions_of(box) == ["two", "-", "one"]
    box.delete("a")
    with pytest.raises(errors.Conflict, match="There is another object a by now"):
        undo(1)
    undo(0)
    assert (versions_of(box), undo.entry(1).state) == (["two", "-", "one"], EntryState.DONE)


def test_all_versions_of_an_object_deleted_at_once_are_one_entry(box: Box):
    box.client.post(URL, headers=ENABLED)
    put(box, "one", "two", "three", "four")
    for _ in range(3):
        box.client.delete(f"{URL}/a?version-id={id_of(box, 1)}")
    undo = _Undo(box)

    assert undo.entry().name == "3 versions of objects of c"
    undo()
    assert versions_of(box) == ["four", "three", "two", "one"]


def test_an_undo_says_that_the_version_was_deleted_since_and_works_once_that_is_undone(box: Box):
    box.client.post(URL, headers=ENABLED)
    put(box, "one", "two")
    box.delete("a")
    box.client.delete(f"{URL}/a?version-id={id_of(box, 1)}")
    undo = _Undo(box)
    assert [(one.action, one.name) for one in box.entries()] == [
        ("object.delete_version", "c/a"), ("object.delete", "c/a"),
    ]  # fmt: skip

    with pytest.raises(errors.Gone, match="of a, which was current, is deleted since: undo that"):
        undo(1)
    assert versions_of(box) == ["-", "one"]
    undo(0)
    assert versions_of(box) == ["-", "two", "one"]
    undo(1)
    assert (box.names(), versions_of(box)) == (["a"], ["two", "one"])


def test_an_undo_that_was_killed_half_way_is_finished_by_the_next(box: Box):
    box.client.post(URL, headers=ENABLED)
    put(box, "one")
    box.delete("a")
    undo = _Undo(box)
    with box.store.catalog.borrow(buckets.SHELF + "AUTH_p", "c") as shelf:
        assert shelf.trash_again(undo.entry().id, until_s=box.bin.until_s) == 1
    assert box.names() == []

    undo()
    assert (box.names(), versions_of(box)) == (["a"], ["one"])


def test_a_version_that_was_older_returns_to_its_place_and_goes_again(box: Box):
    box.client.post(URL, headers=ENABLED)
    put(box, "one", "two", "three")
    box.client.delete(f"{URL}/a?version-id={id_of(box, 1)}")
    undo = _Undo(box)

    undo()
    assert versions_of(box) == ["three", "two", "one"]
    undo(is_redo=True)
    assert versions_of(box) == ["three", "one"]


@pytest.mark.parametrize("is_s3", [True, False])
def test_a_current_version_deleted_by_its_id_is_current_again(box: Box, is_s3: bool):
    """S3 gave its place to the older one, Swift to nothing."""
    box.client.post(URL, headers=ENABLED)
    put(box, "one", "two")
    version, undo = id_of(box, 0), _Undo(box)
    if is_s3:
        s3_delete(box, version)
    else:
        box.client.delete(f"{URL}/a?version-id={version}")
    assert box.client.get(f"{URL}/a").text.startswith("one" if is_s3 else "<html>")

    undo()
    assert box.client.get(f"{URL}/a").headers["X-Object-Version-Id"] == version
    assert versions_of(box) == ["two", "one"]
    entry = undo.entry()
    assert (entry.state, entry.inverse) == (EntryState.UNDONE, None)


def test_what_was_current_does_not_replace_what_was_written_since(box: Box):
    box.client.post(URL, headers=ENABLED)
    put(box, "one", "two")
    s3_delete(box, id_of(box, 0))
    put(box, "three")
    undo = _Undo(box)

    with pytest.raises(errors.Conflict, match="There is another object a by now"):
        undo()
    box.delete("a")
    with pytest.raises(errors.Conflict, match="There is another object a by now"):
        undo(1)
    assert versions_of(box) == ["-", "three", "one"]


def test_a_marker_deleted_by_its_id_hides_the_object_again(box: Box):
    box.client.post(URL, headers=ENABLED)
    put(box, "one")
    box.delete("a")
    s3_delete(box, id_of(box, 0))
    assert box.names() == ["a"]
    undo = _Undo(box)

    undo()
    assert (box.names(), versions_of(box)) == ([], ["-", "one"])
    undo(is_redo=True)
    assert (box.names(), versions_of(box)) == (["a"], ["one"])
    with pytest.raises(errors.Gone, match="Nothing of it is as it was any more"):
        undo(1)


def test_a_suspended_bucket_gives_back_what_its_marker_replaced(box: Box):
    box.client.post(URL, headers=ENABLED)
    put(box, "one")
    box.client.post(URL, headers=SUSPENDED)
    put(box, "two")
    box.delete("a")
    assert versions_of(box) == ["-", "one"]
    undo = _Undo(box)

    undo()
    assert (box.client.get(f"{URL}/a").text, versions_of(box)[1:]) == ("two", ["one"])
    assert undo.entry().inverse is None


def test_a_stack_gives_back_what_was_current_and_keeps_what_had_its_place(box: Box):
    box.client.post(URL, headers={"X-Versions-Location": "old"})
    put(box, "one", "two")
    box.delete("a")
    answer = box.client.get(f"{URL}/a")
    assert (answer.text, [name for name in answer.headers if "sysmeta" in name]) == ("one", [])
    undo = _Undo(box)

    undo()
    assert box.client.get(f"{URL}/a").text == "two"
    assert undo.entry().inverse is None
    box.delete("a")
    assert box.client.get(f"{URL}/a").text == "one"
    box.delete("a")
    assert box.names() == []
    undo(0)
    assert box.client.get(f"{URL}/a").text == "one"
    undo(1)
    assert box.client.get(f"{URL}/a").text == "two"


def test_a_stack_whose_object_was_written_since_keeps_it(box: Box):
    box.client.post(URL, headers={"X-Versions-Location": "old"})
    put(box, "one", "two")
    box.delete("a")
    put(box, "three")

    with pytest.raises(errors.Conflict, match="There is another object a by now"):
        _Undo(box)()
    assert box.client.get(f"{URL}/a").text == "three"


def test_a_history_gives_the_object_back_and_remembers_that_it_was_deleted(box: Box):
    box.client.post(URL, headers={"X-History-Location": "old"})
    put(box, "one")
    box.delete("a")
    undo = _Undo(box)

    undo()
    assert box.client.get(f"{URL}/a").text == "one"
    assert len(box.client.get("/v1/AUTH_p/old").text.split()) == 2
    undo(is_redo=True)
    assert box.names() == []


def test_versions_go_with_their_bucket_and_their_entries_say_so(box: Box):
    box.client.post(URL, headers=ENABLED)
    put(box, "one", "two")
    for _ in range(2):
        box.client.delete(f"{URL}/a?version-id={id_of(box, 0)}")
    undo = _Undo(box)
    assert undo.entry(0).state is EntryState.DONE
    assert box.client.delete(URL).status_code == 204

    box.entries()
    states = {one.action: one.state for one in box.entries()}
    assert states == {
        "container.delete": EntryState.DONE, "object.delete": EntryState.DONE,
        "object.delete_version": EntryState.EXPIRED,
    }  # fmt: skip


def test_a_locked_version_is_not_deleted_again(box: Box):
    box.client.post(URL, headers=ENABLED)
    put(box, "one", "two")
    box.client.delete(f"{URL}/a?version-id={id_of(box, 1)}")
    undo = _Undo(box)
    undo()
    older = versions.find(box.store, buckets.find(box.store, "AUTH_p", "c"), "a", id_of(box, 1))
    assert older is not None
    versions.update(box.store, older, {sysmeta.LEGAL_HOLD: "ON"})

    with pytest.raises(errors.Conflict, match="legal hold"):
        undo(is_redo=True)
    assert versions_of(box) == ["two", "one"]


def test_the_parts_of_a_version_in_the_trash_are_not_swept(box: Box):
    box.client.post(URL, headers=ENABLED)
    store, name = box.store, ObjectName("AUTH_p", "c", "a")
    store.put_container("AUTH_p", "c+segments")
    part = ObjectName("AUTH_p", "c+segments", "up/1")
    with store.put_object(part) as upload:
        upload.commit(Attributes())
    upload = store.put_object(name)
    with upload:
        upload.write(b"[]")
        said = Attributes(metadata={sysmeta.UPLOAD: "up", SLO: "true"})
        versions.put(store, buckets.find(store, "AUTH_p", "c"), "a", upload=upload, said=said)
    put(box, "two")
    s3_delete(box, id_of(box, 1))

    garbage.sweep(store, now=clock.now() + garbage.KEPT_S + 1)
    assert store.head_object(part)


def test_time_deletes_for_good(box: Box):
    box.client.post(URL, headers=ENABLED)
    put(box, "one")
    versions.delete(box.store, buckets.find(box.store, "AUTH_p", "c"), "a")

    assert (box.names(), box.entries()) == ([], [])


def test_one_name_deleted_twice_within_moments_is_two_entries(box: Box):
    box.put("b")
    for body in ("one", "two"):
        put(box, body)
        box.delete("a")
    undo = _Undo(box)

    assert [one.name for one in box.entries()] == ["c/a", "c/a"]
    undo(0)
    assert box.client.get(f"{URL}/a").text == "two"


def test_what_left_the_trash_cannot_be_undone(box: Box):
    box.client.post(URL, headers=ENABLED)
    put(box, "one")
    box.delete("a")
    entry = _Undo(box).entry()
    trash_of.trashcan.empty(box.store)

    with pytest.raises(Exception, match="it is not in the trash any more"):
        undoing.again(box.store, buckets.SHELF + "AUTH_p", "c", entry.id, until_s=box.bin.until_s)
