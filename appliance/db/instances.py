"""Rows of `instances`: reads, the one compare-and-swap that changes state, and workers' claims."""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from appliance import clock, context, errors
from appliance.db import claims, connection, pages, stateful
from appliance.db import metadata as key_values
from appliance.model import states
from appliance.model.instance import Fault, Instance

NOUN: Final = "instance"
TABLE: Final = "instances"
FIELDS: Final = tuple(field.name for field in dataclasses.fields(Instance))


def _instance(row: dict[str, Any]) -> Instance:
    task = row["task_state"]
    return Instance(
        **row
        | {
            "vm_state": states.VmState(row["vm_state"]),
            "task_state": states.TaskState(task) if task else None,
        }
    )


def create(tx: connection.Transaction, instance: Instance) -> None:
    """Insert the row."""
    tx.insert("instances", **{name: getattr(instance, name) for name in FIELDS})


def get(db: connection.Reader, instance_id: str) -> Instance:
    """The instance, deleted or not. Raises NotFound."""
    row = db.row("SELECT * FROM instances WHERE id = ?", (instance_id,))
    return _instance(connection.found(row, "instance", instance_id))


def get_visible(db: connection.Reader, instance_id: str, ctx: context.RequestContext) -> Instance:
    """The instance if it is not deleted and `ctx` may see it. Raises NotFound."""
    instance = get(db, instance_id)
    if instance.deleted_at or not (ctx.is_admin or instance.project_id == ctx.project_id):
        raise errors.NotFound("instance", instance_id)
    return instance


def of_project(
    db: connection.Reader,
    project_id: str | None,
    *,
    marker: str | None = None,
    limit: int = 1000,
    name: str | None = None,
) -> list[Instance]:
    """Instances that are not deleted, newest first; of all projects when `project_id` is None.

    `marker` is the last id of the page before. Raises BadRequest when there is no such instance.
    """
    rows = pages.newest(
        db,
        TABLE,
        project_id,
        marker=marker,
        limit=limit,
        where={"name": name} if name is not None else None,
    )
    return [_instance(dict(row)) for row in rows]


def recently_deleted(db: connection.Reader, project_id: str, *, since: str) -> list[Instance]:
    """The project's instances that were deleted at `since` or later, the last one first."""
    rows = db.rows(
        "SELECT * FROM instances WHERE project_id = ? AND deleted_at >= ? ORDER BY deleted_at DESC",
        (project_id, since),
    )
    return [_instance(dict(row)) for row in rows]


def of_reservation(db: connection.Reader, project_id: str, reservation_id: str) -> list[Instance]:
    """Instances that one request made, deleted or not, in their order."""
    rows = db.rows(
        "SELECT * FROM instances WHERE reservation_id = ? AND project_id = ? ORDER BY launch_index",
        (reservation_id, project_id),
    )
    return [_instance(dict(row)) for row in rows]


def on_host(db: connection.Reader, host: str) -> list[Instance]:
    """Instances placed on `host` that are not deleted, failed ones included."""
    rows = db.rows("SELECT * FROM instances WHERE host = ? AND deleted_at IS NULL", (host,))
    return [_instance(dict(row)) for row in rows]


def of_image(db: connection.Reader, image_id: str) -> list[Instance]:
    """Instances made from the image that are not deleted."""
    rows = db.rows(
        "SELECT * FROM instances WHERE image_id = ? AND deleted_at IS NULL ORDER BY name, id",
        (image_id,),
    )
    return [_instance(dict(row)) for row in rows]


def unfinished(
    db: connection.Reader,
    tasks: Iterable[states.TaskState],
    *,
    host: str | None = None,
    now: str | None = None,
) -> list[Instance]:
    """Instances whose task is one of `tasks` (on `host`) and that no live claim holds."""
    names = tuple(tasks)
    marks = ", ".join("?" * len(names))
    at_host, params = ("AND host = ?", (host,)) if host else ("", ())
    rows = db.rows(
        f"SELECT * FROM instances WHERE task_state IN ({marks}) {at_host} "
        f"AND (claim_expires_at IS NULL OR claim_expires_at < ?)",
        (*names, *params, now or clock.stamp()),
    )
    return [_instance(dict(row)) for row in rows]


def advance(
    tx: connection.Transaction, instance: Instance, event: states.Event, **columns: object
) -> Instance:
    """Change the state by `event`, as `stateful.advance` does.

    Raises Conflict when `event` cannot happen in that state, Superseded when somebody else changed
    it first.
    """
    new = states.after(event, instance.state)
    values: dict[str, object] = {"vm_state": new.vm, "task_state": new.task}
    if new.vm is states.VmState.DELETED:
        values["deleted_at"] = instance.deleted_at or clock.stamp()
    stateful.advance(
        tx, NOUN, instance, event,
        was={"vm_state": instance.vm_state, "task_state": instance.task_state},
        columns=values | columns, before=instance.state, after=new,
    )  # fmt: skip
    return get(tx, instance.id)


def claim(
    tx: connection.Transaction,
    instance_id: str,
    tasks: Sequence[states.TaskState],
    *,
    owner: str,
    for_s: float,
) -> Instance | None:
    """Take the row for one step; None when none of `tasks` is due or somebody has it."""
    marks = ", ".join(f":task_{n}" for n in range(len(tasks)))
    taken = claims.take(
        tx, TABLE, instance_id,
        where=f"task_state IN ({marks})",
        params={f"task_{n}": task for n, task in enumerate(tasks)},
        owner=owner, for_s=for_s,
    )  # fmt: skip
    return get(tx, instance_id) if taken else None


def has_run(db: connection.Reader, *, image_id: str, host: str, since: str) -> bool:
    """Whether an instance of that image ran on that host, and is there yet or was at `since`."""
    row = db.row(
        "SELECT 1 FROM instances WHERE host = ? AND image_id = ? AND launched_at IS NOT NULL "
        "AND coalesce(deleted_at, ?) >= ? LIMIT 1",
        (host, image_id, since, since),
    )
    return row is not None


def set_power_state(tx: connection.Transaction, instance_id: str, power: int) -> None:
    """Write down what the hypervisor says, where it differs."""
    tx.execute(
        "UPDATE instances SET power_state = ? WHERE id = ? AND power_state != ?",
        (int(power), instance_id, int(power)),
    )


def rename(tx: connection.Transaction, instance_id: str, name: str) -> None:
    """Give it another display name."""
    tx.execute(
        "UPDATE instances SET name = ?, updated_at = ? WHERE id = ?",
        (name, clock.stamp(), instance_id),
    )


def metadata(db: connection.Reader, instance_id: str) -> dict[str, str]:
    """The user's own key-value pairs."""
    return key_values.of(db, NOUN, instance_id)


def set_metadata(tx: connection.Transaction, instance_id: str, pairs: Mapping[str, str]) -> None:
    """Replace the user's own key-value pairs."""
    key_values.replace(tx, NOUN, instance_id, pairs)


def add_fault(
    tx: connection.Transaction, instance_id: str, error: BaseException, *, details: str = ""
) -> None:
    """Keep why the instance failed; written in the transaction that makes it ERROR."""
    request = context.current.get()
    tx.insert(
        "instance_faults",
        instance_id=instance_id,
        code=getattr(error, "status", 500),
        message=str(error) or type(error).__name__,
        details=details,
        request_id=request.request_id if request else "",
        created_at=clock.stamp(),
        reasons=json.dumps([dataclasses.asdict(one) for one in _reasons(error)]),
    )


def fault(db: connection.Reader, instance_id: str) -> Fault | None:
    """The newest fault, None when it never failed."""
    row = db.row(
        "SELECT instance_id, code, message, details, request_id, created_at, reasons "
        "FROM instance_faults WHERE instance_id = ? ORDER BY id DESC LIMIT 1",
        (instance_id,),
    )
    if row is None:
        return None
    reasons = tuple(errors.Reason(**one) for one in json.loads(row["reasons"]))
    return Fault(**dict(row) | {"reasons": reasons})


def _reasons(error: BaseException) -> tuple[errors.Reason, ...]:
    return error.reasons if isinstance(error, errors.NovaboxError) else ()


def usage(db: connection.Reader, project_id: str) -> dict[str, int]:
    """What counts against the project's quota: instances, cores, ram (MiB)."""
    row = db.row(
        "SELECT count(*) AS instances, coalesce(sum(vcpus), 0) AS cores, "
        "coalesce(sum(memory_mib), 0) AS ram FROM instances "
        "WHERE project_id = ? AND deleted_at IS NULL",
        (project_id,),
    )
    return dict(row) if row else {}
