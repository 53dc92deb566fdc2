"""The schema, as named steps that are only ever appended; sqlite-utils keeps which were applied."""

import hashlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import sqlite_utils
from sqlite_utils.migrations import Migrations

from appliance.db import connection
from appliance.db.migrations import (
    identity_and_images_schema,
    second_mile_schema,
    undo_schema,
    walking_cloud_schema,
)

if TYPE_CHECKING:
    from sqlite_utils.db import Database

_steps = Migrations("novabox")

# table → (kind in the event stream, the column that names the object, the project column or none)
_WATCHED = {
    "instances": ("instance", "id", "project_id"),
    "instance_faults": ("instance", "instance_id", ""),
    "images": ("image", "id", "project_id"),
    "networks": ("network", "id", "project_id"),
    "ports": ("network", "network_id", "project_id"),
    "services": ("service", "topic", ""),
    "hosts": ("host", "name", ""),
    "flavors": ("flavor", "id", ""),
    "volumes": ("volume", "id", "project_id"),
    "volume_metadata": ("volume", "volume_id", ""),
    "snapshots": ("snapshot", "id", "project_id"),
    "journal": ("journal", "id", "project_id"),
}
# what a worker writes only to say that it lives is no change that anybody watches
_QUIET = {
    "instances": ("claim_owner", "claim_expires_at", "attempts"),
    "services": ("seen_at",),
    "hosts": ("seen_at",),
    "images": ("claim_owner", "claim_expires_at"),
    "volumes": ("claim_owner", "claim_expires_at", "attempts"),
    "snapshots": ("claim_owner", "claim_expires_at", "attempts"),
}


_AT_FIRST = ("2026-01-01T00:00:00.000000Z",) * 2  # created and updated, of what is always there


def _run(db: "Database", script: str) -> None:
    for statement in script.split(";\n"):
        if statement.strip():
            db.execute(statement)


def _number(db: "Database", table: str, kind: str) -> None:
    """Give each row of `table`, old or new, a number in EC2's ids that is never used again.

    A row that comes back has its own again.
    """
    insert = "INSERT OR IGNORE INTO ec2_ids (kind, object_id)"
    db.execute(f"{insert} SELECT '{kind}', id FROM {table}")
    db.execute(
        f"CREATE TRIGGER {table}_number AFTER INSERT ON {table} BEGIN "
        f"{insert} VALUES ('{kind}', NEW.id); END"
    )


def _watch(db: "Database", table: str) -> None:
    kind, key, project = _WATCHED[table]
    quiet = _QUIET.get(table, ())
    columns = [column.name for column in db.table(table).columns if column.name not in quiet]
    for verb, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
        of = f" OF {', '.join(columns)}" if verb == "UPDATE" else ""
        owner = f"{row}.{project}" if project else "''"
        db.execute(
            f"CREATE TRIGGER {table}_{verb.lower()} AFTER {verb}{of} ON {table} BEGIN "
            f"INSERT INTO changes (kind, object_id, project_id) "
            f"VALUES ('{kind}', {row}.{key}, {owner}); END"
        )


@_steps()
def walking_cloud(db: "Database") -> None:
    """Identity, compute, image, network, and the log of changes."""
    for script in walking_cloud_schema.TABLES:
        _run(db, script)
    for table in (
        "instances", "instance_faults", "images", "networks", "ports", "services", "hosts",
        "flavors",
    ):  # fmt: skip
        _watch(db, table)


@_steps()
def second_mile(db: "Database") -> None:
    """Volumes and snapshots; what the EC2 API needs beside the others' rows."""
    for script in second_mile_schema.TABLES:
        _run(db, script)
    for table, kind in second_mile_schema.EC2_KINDS.items():
        _number(db, table, kind)
    for table in ("volumes", "volume_metadata", "snapshots"):
        _watch(db, table)


@_steps()
def image_import(db: "Database") -> None:
    """How often the import of an image was begun, and why it failed."""
    db.execute("ALTER TABLE images ADD COLUMN reason TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE images ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0")


@_steps()
def identity_and_images(db: "Database") -> None:
    """Domains, groups, grants, delegation, the catalog; members, copies and tasks of images."""
    for script in identity_and_images_schema.TABLES:
        _run(db, script)
    for row in db.query("SELECT access FROM ec2_credentials"):
        key = hashlib.sha256(row["access"].encode()).hexdigest()
        db.execute(
            "UPDATE ec2_credentials SET credential_id = ? WHERE access = ?", (key, row["access"])
        )
    for name in identity_and_images_schema.RESOURCE_TYPES:
        db.execute("INSERT INTO metadef_resource_types VALUES (?, 0, ?, ?)", (name, *_AT_FIRST))
    db.execute("CREATE UNIQUE INDEX ec2_credentials_by_id ON ec2_credentials (credential_id)")


@_steps()
def image_lists(db: "Database") -> None:
    """What lists of images and tasks are sorted by, and what the worker's sweep looks for."""
    db.execute("CREATE INDEX images_by_created ON images (created_at, id) WHERE deleted_at IS NULL")
    db.execute("CREATE INDEX image_tasks_by_created ON image_tasks (created_at, id)")
    db.execute("CREATE INDEX image_copies_by_wholeness ON image_copies (is_whole, image_id)")
    db.execute("CREATE INDEX image_tasks_by_end ON image_tasks (expires_at)")


@_steps()
def reasons_and_capacity(db: "Database") -> None:
    """Why an instance failed, in numbers; how much room there was; who may have what cached."""
    db.execute("ALTER TABLE instance_faults ADD COLUMN reasons TEXT NOT NULL DEFAULT '[]'")
    db.execute(
        "CREATE TABLE capacity_samples (at TEXT PRIMARY KEY, vcpus INTEGER NOT NULL, "
        "memory_mib INTEGER NOT NULL, disk_gib INTEGER NOT NULL, instances INTEGER NOT NULL, "
        "vcpus_used INTEGER NOT NULL, memory_mib_used INTEGER NOT NULL, "
        "disk_gib_used INTEGER NOT NULL) STRICT"
    )
    db.execute("CREATE INDEX instances_by_image ON instances (image_id, host)")


# table → what else of it the event stream tells: (kind, object, owner, under which condition)
_ALSO_WATCHED = {
    "ports": (("port", "{row}.id", "{row}.project_id", ""),),
    "fixed_ips": (("port", "{row}.port_id", "''", ""),),
    "port_security_groups": (
        ("port", "{row}.port_id", "''", ""),
        ("security_group", "{row}.group_id", "''", ""),
    ),
    "security_groups": (("security_group", "{row}.id", "{row}.project_id", ""),),
    "security_group_rules": (("security_group", "{row}.group_id", "''", ""),),
    "key_pairs": (("key_pair", "{row}.user_id || '/' || {row}.name", "{row}.user_id", ""),),
    "projects": (("project", "{row}.id", "''", "WHEN NOT {row}.is_domain"),),
    "project_tags": (("project", "{row}.project_id", "''", ""),),
    "users": (("user", "{row}.id", "''", ""),),
    "role_assignments": (("user", "{row}.user_id", "''", "WHEN {row}.user_id IS NOT NULL"),),
}


@_steps()
def networks_and_people_watched(db: "Database") -> None:
    """The event stream tells of ports, security groups, key pairs, projects and users too."""
    for table, told in _ALSO_WATCHED.items():
        for kind, key, owner, condition in told:
            for verb, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
                values = ", ".join((f"'{kind}'", key.format(row=row), owner.format(row=row)))
                db.execute(
                    f"CREATE TRIGGER {table}_{verb.lower()}_{kind} AFTER {verb} ON {table} "
                    f"{condition.format(row=row)} BEGIN "
                    f"INSERT INTO changes (kind, object_id, project_id) VALUES ({values}); END"
                )


@_steps()
def undo(db: "Database") -> None:
    """The journal of what users did; deleted volumes, snapshots and images that can be had back."""
    for script in undo_schema.TABLES:
        _run(db, script)
    _watch(db, "journal")
    for table, kind in second_mile_schema.EC2_KINDS.items():  # what comes back has a number already
        db.execute(f"DROP TRIGGER {table}_number")
        _number(db, table, kind)


@_steps()
def clients_noted(db: "Database") -> None:
    """The journal says by which program a thing was done."""
    _run(db, undo_schema.CLIENT)


@_steps()
def service_trouble(db: "Database") -> None:
    """A service that is up may have something to say."""
    db.execute("ALTER TABLE services ADD COLUMN trouble TEXT NOT NULL DEFAULT ''")
    for verb in ("insert", "update", "delete"):
        db.execute(f"DROP TRIGGER services_{verb}")
    _watch(db, "services")


def migrate(home: Path) -> list[str]:
    """Bring the database in `home` to this version; the names of the steps that it took.

    Each step runs in its own transaction: a crash leaves whole steps applied, and the next start
    goes on from there.
    """
    home.mkdir(parents=True, exist_ok=True)
    plain = connection.connect(home / "state.db")
    plain.row_factory = sqlite3.Row
    db = sqlite_utils.Database(plain)
    try:
        names = [step.name for step in _steps.pending(db)]
        _steps.apply(db)
    finally:
        db.close()
    return names
