"""Rows of `quotas`: where a project's limits differ from the defaults; and what is used of them."""

from typing import Final

from appliance.db import connection

_NETWORK_TABLES: Final = {
    "network": "networks",
    "subnet": "subnets",
    "port": "ports",
    "security_group": "security_groups",
}


def of_project(db: connection.Reader, project_id: str) -> dict[str, int]:
    """The project's own limits, by resource; what is missing has the default."""
    rows = db.rows("SELECT resource, quota FROM quotas WHERE project_id = ?", (project_id,))
    return {row["resource"]: row["quota"] for row in rows}


def put(tx: connection.Transaction, project_id: str, resource: str, quota: int) -> None:
    """Give the project a limit of its own; -1 means none."""
    tx.execute(
        "INSERT INTO quotas (project_id, resource, quota) VALUES (?, ?, ?) "
        "ON CONFLICT (project_id, resource) DO UPDATE SET quota = excluded.quota",
        (project_id, resource, quota),
    )


def network_usage(db: connection.Reader, project_id: str) -> dict[str, int]:
    """What counts against the project's network quotas, by resource."""
    counts = ", ".join(
        f"(SELECT count(*) FROM {table} WHERE project_id = :project) AS {resource}"
        for resource, table in _NETWORK_TABLES.items()
    )
    row = db.row(
        f"SELECT {counts}, (SELECT count(*) FROM security_group_rules r "
        f"JOIN security_groups g ON g.id = r.group_id WHERE g.project_id = :project) "
        f"AS security_group_rule",
        {"project": project_id},
    )
    return dict(row) if row else {}
