"""An entry of the journal as clients see it."""

from typing import Any

from appliance.db import journal
from appliance.model.journal import Entry


def view(entry: Entry) -> dict[str, Any]:
    """An entry as clients see it."""
    return {
        "id": entry.id,
        "at": entry.at,
        "user": entry.user_name,
        "client": entry.client,
        "user_id": entry.user_id,
        "project_id": entry.project_id,
        "action": entry.action,
        "text": entry.act.text,
        "level": entry.act.level,
        "kind": entry.kind,
        "object_id": entry.object_id,
        "name": entry.name,
        "request_id": entry.request_id,
        "state": journal.state(entry),
        "undo_until": entry.undo_until,
        "reason": entry.reason,
        "of_id": entry.of_id,
        "changed_at": entry.changed_at,
    }
