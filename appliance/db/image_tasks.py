"""Rows of `image_tasks`."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, Final

from appliance import clock, errors
from appliance.db import connection
from appliance.model.image_task import ImageTask, TaskStatus

_NOUN: Final = "task"
SORT_COLUMNS: Final = ("created_at", "expires_at", "id", "status", "type", "updated_at")
_NULLABLE: Final = ("expires_at",)
OPEN: Final = (TaskStatus.PENDING, TaskStatus.PROCESSING)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a list, in which order: newest first, unless something else is said."""

    limit: int
    marker: str | None = None
    sort_column: str = "created_at"  # of SORT_COLUMNS; never a caller's text
    is_ascending: bool = False


def create(tx: connection.Transaction, task: ImageTask) -> None:
    """Insert the row."""
    values = dataclasses.asdict(task)
    tx.insert("image_tasks", **values | {"input": json.dumps(values["input"]), "result": None})


def get(db: connection.Reader, task_id: str) -> ImageTask:
    """The task. Raises NotFound."""
    row = db.row("SELECT * FROM image_tasks WHERE id = ?", (task_id,))
    return _task(connection.found(row, _NOUN, task_id))


def listed(
    db: connection.Reader,
    where: Mapping[str, object],
    *,
    page: Page,
) -> list[ImageTask]:
    """The tasks whose columns have these values, in the page's order, from after its marker.

    Raises BadRequest when the marker is not among them.
    """
    conditions = ["TRUE", *(f"{column} = ?" for column in where)]
    values, key = [*where.values()], page.sort_column
    if key in _NULLABLE:
        key = f"coalesce({key}, '')"
    if page.marker is not None:
        found = db.row(
            f"SELECT {key}, id FROM image_tasks WHERE {' AND '.join(conditions)} AND id = ?",
            (*values, page.marker),
        )
        if found is None:
            raise errors.BadRequest(f"Marker {page.marker[:50]} could not be found.")
        conditions.append(f"({key}, id) {'>' if page.is_ascending else '<'} (?, ?)")
        values += found
    way = "ASC" if page.is_ascending else "DESC"
    rows = db.rows(
        f"SELECT * FROM image_tasks WHERE {' AND '.join(conditions)} "
        f"ORDER BY {key} {way}, id {way} LIMIT ?",
        (*values, page.limit),
    )
    return [_task(dict(row)) for row in rows]


def newest(db: connection.Reader, image_id: str) -> ImageTask | None:
    """The image's last task, None when it never had one."""
    row = db.row(
        "SELECT * FROM image_tasks WHERE image_id = ? ORDER BY created_at DESC, id DESC LIMIT 1",
        (image_id,),
    )
    return _task(dict(row)) if row else None


def open_of(db: connection.Reader, image_id: str) -> ImageTask | None:
    """The image's task that has not ended, None when there is none."""
    task = newest(db, image_id)
    return task if task is not None and task.status in OPEN else None


def left(db: connection.Reader) -> list[ImageTask]:
    """Tasks that have not ended and whose image is not being imported, oldest first: copies, also
    those that an import had not come to, and what became of an image that is not there any more.
    """
    rows = db.rows(
        "SELECT t.* FROM image_tasks t WHERE t.status IN ('pending', 'processing') "
        "AND NOT EXISTS (SELECT 1 FROM images i WHERE i.id = t.image_id "
        "AND i.status = 'importing') ORDER BY t.created_at"
    )
    return [_task(dict(row)) for row in rows]


def progress(
    tx: connection.Transaction, task_id: str, *, done_bytes: int, total_bytes: int | None
) -> None:
    """Write how far the task is; one that ended meanwhile stays as it is."""
    tx.execute(
        "UPDATE image_tasks SET status = 'processing', done_bytes = ?, total_bytes = ?, "
        "updated_at = ? WHERE id = ? AND status IN ('pending', 'processing')",
        (done_bytes, total_bytes, clock.stamp(), task_id),
    )


def end(
    tx: connection.Transaction,
    task_id: str,
    status: TaskStatus,
    *,
    expires_at: str,
    message: str = "",
    result: Mapping[str, Any] | None = None,
) -> None:
    """Write how the task ended; one that ended before stays as it is."""
    tx.execute(
        "UPDATE image_tasks SET status = ?, message = ?, result = ?, expires_at = ?, "
        "updated_at = ? WHERE id = ? AND status IN ('pending', 'processing')",
        (
            status, message, json.dumps(result) if result is not None else None, expires_at,
            clock.stamp(), task_id,
        ),
    )  # fmt: skip


def delete(tx: connection.Transaction, task_id: str) -> None:
    """Forget the task. Raises NotFound."""
    if not tx.execute("DELETE FROM image_tasks WHERE id = ?", (task_id,)):
        raise errors.NotFound(_NOUN, task_id)


def forget_expired(tx: connection.Transaction) -> None:
    """Forget the tasks that ended long enough ago."""
    tx.execute("DELETE FROM image_tasks WHERE expires_at < ?", (clock.stamp(),))


def _task(row: dict[str, Any]) -> ImageTask:
    result = row["result"]
    return ImageTask(
        **row
        | {
            "status": TaskStatus(row["status"]),
            "input": json.loads(row["input"]),
            "result": json.loads(result) if result is not None else None,
        }
    )
