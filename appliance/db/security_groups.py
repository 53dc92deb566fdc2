"""Rows of `security_groups`, `security_group_rules`, and who is a member."""

import dataclasses
import sqlite3
from collections.abc import Iterable
from typing import Any

from appliance import clock, errors, ids
from appliance.db import connection, ports
from appliance.model.security_group import DEFAULT, Direction, Ethertype, Rule, SecurityGroup


def create(
    tx: connection.Transaction, *, name: str, project_id: str, description: str = ""
) -> SecurityGroup:
    """Insert a group that lets everything out and nothing in, as Neutron's new groups do."""
    now = clock.stamp()
    group_id = ids.new_uuid()
    tx.insert(
        "security_groups",
        id=group_id,
        name=name,
        project_id=project_id,
        description=description,
        created_at=now,
        updated_at=now,
    )
    for ethertype in _ETHERTYPES:
        add_rule(tx, group_id, direction="egress", ethertype=ethertype)
    return get(tx, group_id)


def default_of(tx: connection.Transaction, project_id: str) -> SecurityGroup:
    """The project's `default` group, made now if it has none: its members reach one another."""
    row = tx.row(
        "SELECT * FROM security_groups WHERE project_id = ? AND name = ?", (project_id, DEFAULT)
    )
    if row is not None:
        return _group(tx, dict(row))
    group = create(tx, name=DEFAULT, project_id=project_id, description="Default security group")
    for ethertype in _ETHERTYPES:
        add_rule(tx, group.id, direction="ingress", ethertype=ethertype, remote_group_id=group.id)
    return get(tx, group.id)


def get(db: connection.Reader, group_id: str) -> SecurityGroup:
    """The group with its rules. Raises NotFound."""
    row = db.row("SELECT * FROM security_groups WHERE id = ?", (group_id,))
    return _group(db, connection.found(row, "security group", group_id))


def is_there(db: connection.Reader, group_id: str) -> bool:
    """Whether there is such a group."""
    return db.row("SELECT 1 FROM security_groups WHERE id = ?", (group_id,)) is not None


def of_project(
    db: connection.Reader, project_id: str | None, *, name: str | None = None
) -> list[SecurityGroup]:
    """Groups of one project (of all when None), of one name if given."""
    rows = db.rows(
        "SELECT * FROM security_groups WHERE (:project_id IS NULL OR project_id = :project_id) "
        "AND (:name IS NULL OR name = :name) ORDER BY created_at, id",
        {"project_id": project_id, "name": name},
    )
    return [_group(db, dict(row)) for row in rows]


def update(tx: connection.Transaction, group_id: str, *, name: str, description: str) -> None:
    """Give it another name and description."""
    tx.execute(
        "UPDATE security_groups SET name = ?, description = ?, updated_at = ? WHERE id = ?",
        (name, description, clock.stamp(), group_id),
    )


def delete(tx: connection.Transaction, group_id: str) -> None:
    """Delete a group and its rules. Raises InUse while a port is in it."""
    try:
        tx.execute("DELETE FROM security_groups WHERE id = ?", (group_id,))
    except sqlite3.IntegrityError as error:
        raise errors.InUse(f"Security Group {group_id} in use.") from error


def add_rule(
    tx: connection.Transaction,
    group_id: str,
    *,
    direction: Direction,
    ethertype: Ethertype = "IPv4",
    protocol: str | None = None,
    port_min: int | None = None,
    port_max: int | None = None,
    remote_cidr: str | None = None,
    remote_group_id: str | None = None,
    description: str = "",
) -> Rule:
    """Insert a rule. Raises Conflict when the same is there, or a group it names is not."""
    values: dict[str, Any] = {
        "group_id": group_id, "direction": direction, "ethertype": ethertype,
        "protocol": protocol, "port_min": port_min, "port_max": port_max,
        "remote_cidr": remote_cidr, "remote_group_id": remote_group_id,
    }  # fmt: skip
    same = tx.row(
        "SELECT id FROM security_group_rules WHERE "
        + " AND ".join(f"{name} IS :{name}" for name in values),
        values,
    )
    if same is not None:
        raise errors.Conflict(f"Security group rule already exists. Rule id is {same['id']}.")
    rule_id = ids.new_uuid()
    tx.insert(
        "security_group_rules",
        **values,
        id=rule_id,
        description=description,
        created_at=clock.stamp(),
    )
    return get_rule(tx, rule_id)


def get_rule(db: connection.Reader, rule_id: str) -> Rule:
    """The rule. Raises NotFound."""
    row = db.row("SELECT * FROM security_group_rules WHERE id = ?", (rule_id,))
    return Rule(**connection.found(row, "security group rule", rule_id))


def delete_rule(tx: connection.Transaction, rule_id: str) -> None:
    """Delete a rule. Raises NotFound."""
    get_rule(tx, rule_id)
    tx.execute("DELETE FROM security_group_rules WHERE id = ?", (rule_id,))


def insert(tx: connection.Transaction, group: SecurityGroup) -> None:
    """Insert a group that was deleted, as it was, with its rules. Raises Conflict."""
    values = dataclasses.asdict(group)
    del values["rules"]
    tx.insert("security_groups", **values)
    for rule in group.rules:
        insert_rule(tx, rule)


def insert_rule(tx: connection.Transaction, rule: Rule) -> None:
    """Insert a rule that was deleted, as it was. Raises Conflict when the same was made since, or
    a group that it names is not there any more.
    """
    values = dataclasses.asdict(rule)
    what = ("group_id", "direction", "ethertype", "protocol", "port_min", "port_max",
            "remote_cidr", "remote_group_id")  # fmt: skip
    same = tx.row(
        "SELECT id FROM security_group_rules WHERE "
        + " AND ".join(f"{name} IS :{name}" for name in what),
        values,
    )
    if same is not None:
        raise errors.Conflict(f"Security group rule already exists. Rule id is {same['id']}.")
    tx.insert("security_group_rules", **values)


def rules_about(db: connection.Reader, group_id: str) -> list[Rule]:
    """Rules of other groups that let this group's members in: they go when it goes."""
    rows = db.rows(
        "SELECT * FROM security_group_rules WHERE remote_group_id = ? AND group_id <> ?",
        (group_id, group_id),
    )
    return [Rule(**dict(row)) for row in rows]


def members(db: connection.Reader, group_ids: Iterable[str]) -> dict[str, frozenset[str]]:
    """For each of these groups the fixed IPs of its ports, on every host, that stay."""
    return {group_id: frozenset(_member_ips(db, group_id)) for group_id in group_ids}


def ports_in(db: connection.Reader, group_id: str) -> int:
    """How many ports are in the group."""
    row = db.row(
        "SELECT count(*) AS found FROM port_security_groups WHERE group_id = ?", (group_id,)
    )
    return int(row["found"]) if row else 0


def _member_ips(db: connection.Reader, group_id: str) -> list[str]:
    rows = db.rows(
        "SELECT ip FROM port_security_groups JOIN fixed_ips USING (port_id) "
        f"JOIN ports ON ports.id = port_id WHERE group_id = ? AND {ports.STAYS}",
        (group_id,),
    )
    return [row["ip"] for row in rows]


def _group(db: connection.Reader, row: dict[str, Any]) -> SecurityGroup:
    rules = db.rows(
        "SELECT * FROM security_group_rules WHERE group_id = ? ORDER BY created_at, id",
        (row["id"],),
    )
    return SecurityGroup(**row, rules=tuple(Rule(**dict(rule)) for rule in rules))


_ETHERTYPES: tuple[Ethertype, ...] = ("IPv4", "IPv6")
