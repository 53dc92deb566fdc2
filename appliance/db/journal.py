"""Rows of `journal`: what users did, written in the transaction that does it.

An undo or a redo is the inverse verb, done `turning` an entry: what that verb notes turns the entry
over and stands in the journal itself, in the same transaction.
"""

import contextlib
import json
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, Protocol

from appliance import clock, context, errors, ids
from appliance.db import connection
from appliance.model import acts
from appliance.model.journal import Entry, EntryState, Inverse

NOUN: Final = "journal entry"
KEPT: Final = 5_000  # entries; besides them, those of which something is in the trash
NAME_CHARS_MAX: Final = 255

_COLUMNS: Final = (
    "id, at, user_id, user_name, client, project_id, action, object_id, name, request_id, state, "
    "inverse, undo_until, reason, of_id, changed_at"
)


class Owned(Protocol):
    """What most acts are about: a row of a project."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def name(self) -> str | None:
        """Its name, if it has one."""

    @property
    def project_id(self) -> str | None:
        """Whose it is."""


@dataclass(slots=True)
class _Turn:
    """An entry that is being undone (or, `is_redo`, done again), and whether it has been."""

    entry_id: str
    is_redo: bool
    is_done: bool = False


_turn: ContextVar[_Turn | None] = ContextVar("turn", default=None)


@contextlib.contextmanager
def turning(entry_id: str, *, is_redo: bool) -> Iterator[None]:
    """Let the first act noted inside be the undo, or the redo, of this entry."""
    token = _turn.set(_Turn(entry_id, is_redo))
    try:
        yield
    finally:
        _turn.reset(token)


def note(
    tx: connection.Transaction,
    ctx: context.RequestContext,
    action: str,
    *,
    object_id: str,
    name: str = "",
    project_id: str | None = None,
    inverse: Inverse | None = None,
    undo_until: str | None = None,
    why_final: str = "",
) -> None:
    """Write that `ctx` did `action` (of `acts.ACTS`) to the object; of workers' acts nothing.

    `project_id` is whose the object is, if not the caller's. Without an inverse it is final, and
    `why_final` says why, where the registry does not. Raises Conflict when it is the undo of an
    entry that was undone meanwhile.
    """
    if ctx.is_system:
        return
    entry = Entry(
        id=ids.new_uuid(), at=clock.stamp(), user_id=ctx.user_id, user_name=ctx.user_name,
        client=ctx.client,
        project_id=ctx.project_id if project_id is None else ids.ProjectId(project_id),
        action=action, object_id=object_id, name=name[:NAME_CHARS_MAX],
        request_id=ctx.request_id,
        state=EntryState.DONE if inverse else EntryState.FINAL,
        inverse=inverse, undo_until=undo_until,
        reason="" if inverse else why_final or acts.ACTS[action].why_final,
        of_id=None, changed_at=clock.stamp(),
    )  # fmt: skip
    turn = _turn.get()
    if turn is not None and not turn.is_done:
        _turn_over(tx, turn, entry)
        turn.is_done = True
    else:
        put(tx, entry)


def note_of(
    tx: connection.Transaction,
    ctx: context.RequestContext,
    action: str,
    about: Owned,
    inverse: Inverse | None = None,
    *,
    name: str = "",
    undo_until: str | None = None,
    why_final: str = "",
) -> None:
    """`note` of an object that a project owns; `name` if its own does not say enough."""
    note(
        tx, ctx, action,
        object_id=about.id, name=name or about.name or "", project_id=about.project_id,
        inverse=inverse, undo_until=undo_until, why_final=why_final,
    )  # fmt: skip


def put(tx: connection.Transaction, entry: Entry) -> None:
    """Insert an entry; one of that id is there already: it gets what may have grown, its name."""
    values = {
        "id": entry.id, "at": entry.at, "user_id": entry.user_id, "user_name": entry.user_name,
        "client": entry.client, "project_id": entry.project_id, "action": entry.action,
        "object_id": entry.object_id, "name": entry.name, "request_id": entry.request_id,
        "state": entry.state, "inverse": _written(entry.inverse), "undo_until": entry.undo_until,
        "reason": entry.reason, "of_id": entry.of_id, "changed_at": entry.changed_at,
    }  # fmt: skip
    marks = ", ".join(f":{name}" for name in values)
    tx.execute(
        f"INSERT INTO journal ({', '.join(values)}) VALUES ({marks}) "
        "ON CONFLICT (id) DO UPDATE SET name = excluded.name, object_id = excluded.object_id",
        values,
    )


def get(db: connection.Reader, entry_id: str) -> Entry:
    """The entry. Raises NotFound."""
    row = db.row(f"SELECT {_COLUMNS} FROM journal WHERE id = ?", (entry_id,))
    return _entry(connection.found(row, NOUN, entry_id))


def get_visible(db: connection.Reader, entry_id: str, ctx: context.RequestContext) -> Entry:
    """The entry, if it is of the caller's project, or by the caller. Raises NotFound."""
    entry = get(db, entry_id)
    if not (ctx.is_admin or entry.project_id == ctx.project_id or entry.user_id == ctx.user_id):
        raise errors.NotFound(NOUN, entry_id)
    return entry


def newest(db: connection.Reader, project_id: str | None, *, limit: int = 100) -> list[Entry]:
    """The last entries of a project, newest first; of all when it is None."""
    where, params = ("WHERE project_id = ?", [project_id]) if project_id is not None else ("", [])
    rows = db.rows(
        f"SELECT {_COLUMNS} FROM journal {where} ORDER BY seq DESC LIMIT ?", (*params, limit)
    )
    return [_entry(dict(row)) for row in rows]


def next_undo(db: connection.Reader, user_id: str, project_id: str) -> Entry | None:
    """The last act of a user in a project that can be undone; None when there is none."""
    row = db.row(
        f"SELECT {_COLUMNS} FROM journal WHERE user_id = ? AND state = ? AND project_id = ? "
        "AND (undo_until IS NULL OR undo_until > ?) ORDER BY seq DESC LIMIT 1",
        (user_id, EntryState.DONE, project_id, clock.stamp()),
    )
    return _entry(dict(row)) if row else None


def next_redo(db: connection.Reader, user_id: str, project_id: str) -> Entry | None:
    """The act of a user in a project that was undone last, if it can be done again."""
    row = db.row(
        f"SELECT {_COLUMNS} FROM journal WHERE user_id = ? AND state = ? AND project_id = ? "
        "AND inverse IS NOT NULL ORDER BY changed_at DESC LIMIT 1",
        (user_id, EntryState.UNDONE, project_id),
    )
    return _entry(dict(row)) if row else None


def expire(tx: connection.Transaction, action: str, object_id: str) -> None:
    """What an act put into the trash is gone from it: nobody can undo that act any more."""
    tx.execute(
        "UPDATE journal SET state = ?, inverse = NULL, changed_at = ? "
        "WHERE object_id = ? AND action = ? AND state = ?",
        (EntryState.EXPIRED, clock.stamp(), object_id, action, EntryState.DONE),
    )


def expire_entry(tx: connection.Transaction, entry_id: str) -> None:
    """The same, of one entry."""
    tx.execute(
        "UPDATE journal SET state = ?, inverse = NULL, changed_at = ? WHERE id = ? AND state = ?",
        (EntryState.EXPIRED, clock.stamp(), entry_id, EntryState.DONE),
    )


def trim(tx: connection.Transaction) -> int:
    """Forget the oldest, but not what brings back something still in the trash; how many."""
    return tx.execute(
        "DELETE FROM journal WHERE seq <= (SELECT max(seq) FROM journal) - ? "
        "AND NOT (state = ? AND undo_until > ?)",
        (KEPT, EntryState.DONE, clock.stamp()),
    )


def state(entry: Entry) -> EntryState:
    """How it stands now: what could be undone until some moment has expired after it."""
    is_late = entry.undo_until is not None and entry.undo_until <= clock.stamp()
    return EntryState.EXPIRED if entry.state is EntryState.DONE and is_late else entry.state


def _turn_over(tx: connection.Transaction, turn: _Turn, new: Entry) -> None:
    """Turn an entry over by what was done just now, and note that."""
    before = EntryState.UNDONE if turn.is_redo else EntryState.DONE
    after = EntryState.DONE if turn.is_redo else EntryState.UNDONE
    old = get(tx, turn.entry_id)
    touched = tx.execute(
        "UPDATE journal SET state = ?, inverse = ?, undo_until = ?, changed_at = ? "
        "WHERE id = ? AND state = ?",
        (after, _written(new.inverse), new.undo_until, clock.stamp(), old.id, before),
    )
    if not touched:
        raise errors.Conflict(f"{old.act.text} {old.name}: that is {old.state} already.")
    word = "redo" if turn.is_redo else "undo"
    _insert_turn(tx, new, old, f"journal.{word}")


def _insert_turn(tx: connection.Transaction, new: Entry, old: Entry, action: str) -> None:
    what = f"{old.act.text} {old.name or old.object_id}"[:NAME_CHARS_MAX]
    put(
        tx,
        Entry(
            id=new.id, at=new.at, user_id=new.user_id, user_name=new.user_name,
            client=new.client, project_id=old.project_id, action=action,
            object_id=old.object_id, name=what, request_id=new.request_id,
            state=EntryState.FINAL, inverse=None, undo_until=None,
            reason=acts.ACTS[action].why_final, of_id=old.id, changed_at=new.changed_at,
        ),
    )  # fmt: skip


def _written(inverse: Inverse | None) -> str | None:
    if inverse is None:
        return None
    return json.dumps({"verb": inverse.verb, "args": dict(inverse.args)})


def _entry(row: dict[str, Any]) -> Entry:
    said = json.loads(row["inverse"]) if row["inverse"] else None
    return Entry(
        **row
        | {
            "state": EntryState(row["state"]),
            "inverse": Inverse(verb=said["verb"], args=said["args"]) if said else None,
        }
    )
