"""Entries of the journal as the event stream tells of them."""

from collections.abc import Callable
from typing import Final

from appliance import context
from appliance.db import connection, journal
from appliance.model.journal import Entry
from services.api.cloud import journal_view
from services.api.cloud.seen import Seen

_ENTRIES: Final = 200  # at the opening of a stream: who wants more asks for more


def _entry(entry: Entry) -> Seen:
    view = journal_view.view(entry)
    return Seen(kind="journal", id=entry.id, view=view, project_id=entry.project_id)


def _entries(db: connection.Reader, ctx: context.RequestContext) -> list[Seen]:
    project_id = None if ctx.is_admin else ctx.project_id
    return [_entry(one) for one in journal.newest(db, project_id, limit=_ENTRIES)]


ONE: Final[dict[str, Callable[[connection.Reader, str], Seen | None]]] = {
    "journal": lambda db, key: _entry(journal.get(db, key)),
}
ALL: Final[dict[str, Callable[[connection.Reader, context.RequestContext], list[Seen]]]] = {
    "journal": _entries,
}
