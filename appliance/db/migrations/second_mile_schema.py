"""Volumes and snapshots; EC2's ids, credentials, tags and client tokens."""

from typing import Final

VOLUME: Final = """
CREATE TABLE volumes (
    id TEXT PRIMARY KEY, project_id TEXT NOT NULL, user_id TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '', description TEXT NOT NULL DEFAULT '',
    size_gib INTEGER NOT NULL CHECK (size_gib > 0), volume_type TEXT NOT NULL,
    zone TEXT NOT NULL, host TEXT NOT NULL,
    status TEXT NOT NULL, attach_status TEXT NOT NULL DEFAULT 'detached',
    is_bootable INTEGER NOT NULL DEFAULT 0,
    image_id TEXT, snapshot_id TEXT, source_volume_id TEXT,
    attachment_id TEXT, instance_id TEXT, device TEXT, boot_index INTEGER,
    is_deleted_with_instance INTEGER NOT NULL DEFAULT 0, target TEXT, attached_at TEXT,
    reason TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, deleted_at TEXT,
    request_id TEXT NOT NULL, hop_id TEXT,
    claim_owner TEXT, claim_expires_at TEXT, attempts INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX volumes_by_project ON volumes (project_id, created_at) WHERE deleted_at IS NULL;
CREATE INDEX volumes_by_host ON volumes (host, status) WHERE deleted_at IS NULL;
CREATE INDEX volumes_by_instance ON volumes (instance_id) WHERE instance_id IS NOT NULL;
CREATE TABLE volume_metadata (
    volume_id TEXT NOT NULL REFERENCES volumes (id) ON DELETE CASCADE,
    key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (volume_id, key)
) STRICT;
CREATE TABLE snapshots (
    id TEXT PRIMARY KEY, project_id TEXT NOT NULL, user_id TEXT NOT NULL,
    volume_id TEXT NOT NULL, name TEXT NOT NULL DEFAULT '', description TEXT NOT NULL DEFAULT '',
    size_gib INTEGER NOT NULL, host TEXT NOT NULL, status TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, deleted_at TEXT,
    request_id TEXT NOT NULL, hop_id TEXT,
    claim_owner TEXT, claim_expires_at TEXT, attempts INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX snapshots_by_project ON snapshots (project_id, created_at) WHERE deleted_at IS NULL;
CREATE INDEX snapshots_by_volume ON snapshots (volume_id) WHERE deleted_at IS NULL;
CREATE INDEX snapshots_by_host ON snapshots (host, status) WHERE deleted_at IS NULL;
CREATE TABLE snapshot_metadata (
    snapshot_id TEXT NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE,
    key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (snapshot_id, key)
) STRICT;
"""

EC2: Final = """
CREATE TABLE ec2_ids (
    number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, object_id TEXT NOT NULL,
    UNIQUE (kind, object_id)
) STRICT;
CREATE TABLE ec2_credentials (
    access TEXT PRIMARY KEY, secret_sealed TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX ec2_credentials_by_user ON ec2_credentials (user_id);
CREATE TABLE ec2_tags (
    project_id TEXT NOT NULL, kind TEXT NOT NULL, object_id TEXT NOT NULL,
    key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (object_id, key)
) STRICT;
CREATE INDEX ec2_tags_by_project ON ec2_tags (project_id);
CREATE TABLE client_tokens (
    project_id TEXT NOT NULL, token TEXT NOT NULL, fingerprint TEXT NOT NULL,
    made_id TEXT NOT NULL, created_at TEXT NOT NULL, PRIMARY KEY (project_id, token)
) STRICT;
CREATE INDEX instances_by_reservation ON instances (reservation_id);
CREATE INDEX instances_deleted ON instances (project_id, deleted_at) WHERE deleted_at IS NOT NULL;
"""

TABLES: Final = (VOLUME, EC2)

# table whose rows get a number → the kind under which EC2's ids keep it
EC2_KINDS: Final = {
    "instances": "instance",
    "images": "image",
    "volumes": "volume",
    "snapshots": "snapshot",
    "security_groups": "security group",
}
