"""The journal of what users did, and how long what they deleted is kept."""

from typing import Final

JOURNAL: Final = """
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, at TEXT NOT NULL,
    user_id TEXT NOT NULL, user_name TEXT NOT NULL, project_id TEXT NOT NULL,
    action TEXT NOT NULL, object_id TEXT NOT NULL, name TEXT NOT NULL DEFAULT '',
    request_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('done', 'undone', 'expired', 'final')),
    inverse TEXT, undo_until TEXT, reason TEXT NOT NULL DEFAULT '', of_id TEXT,
    changed_at TEXT NOT NULL
) STRICT;
CREATE INDEX journal_by_project ON journal (project_id, seq);
CREATE INDEX journal_by_user ON journal (user_id, state, seq);
CREATE INDEX journal_by_object ON journal (object_id, action);
"""
TRASH: Final = """
ALTER TABLE volumes ADD COLUMN trashed_until TEXT;
ALTER TABLE snapshots ADD COLUMN trashed_until TEXT;
ALTER TABLE images ADD COLUMN trashed_until TEXT;
CREATE INDEX volumes_not_gone ON volumes (host, status) WHERE status <> 'deleted';
CREATE INDEX snapshots_not_gone ON snapshots (host, status) WHERE status <> 'deleted';
CREATE INDEX snapshots_of_volume ON snapshots (volume_id) WHERE status <> 'deleted';
"""

CLIENT: Final = """
ALTER TABLE journal ADD COLUMN client TEXT NOT NULL DEFAULT '';
"""

TABLES: Final = (JOURNAL, TRASH)
