"""Rows of `flavors`."""

from appliance import errors
from appliance.db import connection
from appliance.model.flavor import Flavor


def put(tx: connection.Transaction, flavor: Flavor) -> None:
    """Insert the flavor, unless one with its id or its name is there."""
    tx.execute(
        "INSERT INTO flavors (id, name, vcpus, memory_mib, disk_gib, is_public) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            flavor.id, flavor.name, flavor.vcpus, flavor.memory_mib, flavor.disk_gib,
            flavor.is_public,
        ),
    )  # fmt: skip


def all_flavors(db: connection.Reader) -> list[Flavor]:
    """Every flavor, the smallest first."""
    rows = db.rows("SELECT * FROM flavors ORDER BY memory_mib, vcpus, disk_gib, id")
    return [Flavor(**dict(row)) for row in rows]


def get(db: connection.Reader, flavor_id: str) -> Flavor:
    """The flavor with this id. Raises NotFound."""
    row = db.row("SELECT * FROM flavors WHERE id = ?", (flavor_id,))
    return Flavor(**connection.found(row, "Flavor", flavor_id))


def get_named(db: connection.Reader, name: str) -> Flavor:
    """The flavor with this id, or this name. Raises NotFound."""
    row = db.row(
        "SELECT * FROM flavors WHERE id = :name OR name = :name ORDER BY id != :name",
        {"name": name},
    )
    if row is None:
        raise errors.NotFound("Flavor", name)
    return Flavor(**dict(row))
