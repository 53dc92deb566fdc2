"""The journal's rows: what is noted, what can be undone next, what is forgotten."""

import contextlib
import dataclasses

import pytest

from appliance import clock, context, errors, ids
from appliance.db import connection, journal
from appliance.model import acts
from appliance.model.journal import Entry, EntryState, Inverse

CTX = context.RequestContext(
    user_id=ids.UserId("u1"), user_name="ann", project_id=ids.ProjectId("p1"), client="boto3"
)
BACK = Inverse(verb="volume.restore", args={"volume_id": "v1"})


def note(db: connection.Database, object_id: str, **said: object) -> Entry:
    ctx = said.pop("ctx", CTX)
    action = said.pop("action", "volume.delete")
    with db.transaction() as tx:
        journal.note(tx, ctx, action, object_id=object_id, name="data", **said)  # type: ignore[arg-type]  # a test's own mistake shows
    return next(one for one in journal.newest(db, None) if one.object_id == object_id)


def test_an_act_is_noted_with_who_what_and_how_it_is_taken_back(db) -> None:
    until = clock.stamp(clock.now() + 60)
    entry = note(db, "v1", inverse=BACK, undo_until=until)

    assert (entry.user_name, entry.project_id, entry.action) == ("ann", "p1", "volume.delete")
    assert (entry.kind, entry.act.level, entry.name) == ("volume", 2, "data")
    assert (entry.state, entry.inverse, entry.undo_until) == (EntryState.DONE, BACK, until)
    assert (entry.request_id, entry.client) == (CTX.request_id, "boto3")


def test_what_nothing_takes_back_is_final_and_says_why(db) -> None:
    extended = note(db, "v1", action="volume.extend")
    broken = note(db, "v2", why_final="it was error")

    assert (extended.state, extended.reason) == (EntryState.FINAL, "a volume only grows")
    assert (broken.state, broken.reason) == (EntryState.FINAL, "it was error")


def test_what_a_worker_does_is_not_noted(db) -> None:
    system = dataclasses.replace(CTX, is_system=True)
    with db.transaction() as tx:
        journal.note(tx, system, "volume.delete", object_id="v1")

    assert journal.newest(db, None) == []


def test_a_transaction_that_is_taken_back_leaves_no_entry(db) -> None:
    with contextlib.suppress(errors.Conflict), db.transaction() as tx:
        journal.note(tx, CTX, "volume.delete", object_id="v1")
        raise errors.Conflict("no")

    assert journal.newest(db, None) == []


def test_the_next_undo_is_ones_own_newest_that_is_still_possible(db) -> None:
    note(db, "old", inverse=BACK)
    note(db, "late", inverse=BACK, undo_until=clock.stamp(clock.now() - 1))
    note(db, "final", action="volume.extend")
    other = dataclasses.replace(CTX, user_id=ids.UserId("u2"))
    note(db, "theirs", inverse=BACK, ctx=other)
    note(db, "elsewhere", inverse=BACK, project_id="p2")

    found = journal.next_undo(db, "u1", "p1")

    assert found is not None
    assert found.object_id == "old"
    assert journal.next_undo(db, "u3", "p1") is None
    assert journal.next_redo(db, "u1", "p1") is None


def test_an_undo_turns_its_entry_over_once_and_stands_in_the_journal_itself(db) -> None:
    entry = note(db, "v1", inverse=BACK)
    again = Inverse(verb="volume.delete", args={"volume_id": "v1"})

    def undo() -> None:
        with journal.turning(entry.id, is_redo=False), db.transaction() as tx:
            journal.note(tx, CTX, "volume.restore", object_id="v1", name="data", inverse=again)

    undo()
    with pytest.raises(errors.Conflict, match="delete volume data: that is undone already"):
        undo()

    turned = journal.get(db, entry.id)
    assert (turned.state, turned.inverse) == (EntryState.UNDONE, again)
    first, second = journal.newest(db, "p1")
    assert (first.action, first.of_id, first.state) == ("journal.undo", entry.id, EntryState.FINAL)
    assert (first.name, second.id) == ("delete volume data", entry.id)
    assert journal.next_redo(db, "u1", "p1") == turned

    with journal.turning(entry.id, is_redo=True), db.transaction() as tx:
        journal.note(tx, CTX, "volume.delete", object_id="v1", name="data", inverse=BACK)
    assert journal.get(db, entry.id).state is EntryState.DONE
    assert journal.newest(db, "p1")[0].action == "journal.redo"


def test_a_second_act_inside_an_undo_is_one_of_its_own(db) -> None:
    entry = note(db, "v1", inverse=BACK)
    with journal.turning(entry.id, is_redo=False), db.transaction() as tx:
        journal.note(tx, CTX, "volume.restore", object_id="v1", inverse=BACK)
        journal.note(tx, CTX, "volume.update", object_id="v1", inverse=BACK)

    assert [one.action for one in journal.newest(db, "p1")] == [
        "volume.update", "journal.undo", "volume.delete",
    ]  # fmt: skip


def test_what_left_the_trash_is_expired_and_so_is_what_is_late(db) -> None:
    gone = note(db, "v1", inverse=BACK, undo_until=clock.stamp(clock.now() + 60))
    late = note(db, "v2", inverse=BACK, undo_until=clock.stamp(clock.now() - 1))
    with db.transaction() as tx:
        journal.expire(tx, "volume.delete", "v1")

    assert journal.get(db, gone.id).state is EntryState.EXPIRED
    assert journal.state(late) is EntryState.EXPIRED


def test_old_entries_are_forgotten_but_not_what_is_still_in_the_trash(db, monkeypatch) -> None:
    monkeypatch.setattr(journal, "KEPT", 2)
    kept = note(db, "trashed", inverse=BACK, undo_until=clock.stamp(clock.now() + 60))
    for number in range(5):
        note(db, f"v{number}")
    with db.transaction() as tx:
        forgotten = journal.trim(tx)

    assert forgotten == 3
    assert [one.object_id for one in journal.newest(db, None)] == ["v4", "v3", kept.object_id]


def test_an_entry_is_its_projects_its_users_and_every_admins_to_see(db) -> None:
    entry = note(db, "v1", project_id="p9")
    stranger = context.RequestContext(project_id=ids.ProjectId("p1"), user_id=ids.UserId("u2"))
    owner = context.RequestContext(project_id=ids.ProjectId("p9"))
    admin = context.RequestContext(roles=frozenset({"admin"}))

    for ctx in (owner, admin, CTX):
        assert journal.get_visible(db, entry.id, ctx) == entry
    with pytest.raises(errors.NotFound, match="Journal entry"):
        journal.get_visible(db, entry.id, stranger)


def test_a_name_of_any_length_is_cut(db) -> None:
    with db.transaction() as tx:
        journal.note(tx, CTX, "volume.extend", object_id="v1", name="ü" * 1000)

    assert journal.newest(db, None)[0].name == "ü" * journal.NAME_CHARS_MAX


def test_every_act_that_cannot_be_undone_says_why() -> None:
    for action, act in acts.ACTS.items():
        assert act.is_undoable is (act.why_final == ""), action
        assert act.level in range(5)
        assert action.partition(".")[2]
    assert all(act.why_final for act in acts.ACTS.values() if act.level >= 3)
    assert all(act.why_final for act in acts.ACTS.values() if act.level == 0)
