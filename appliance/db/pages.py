"""Pages of a project's rows, newest first: the same in every table that a project owns."""

from collections.abc import Iterator, Mapping
from typing import Final, Protocol, TypeVar

from appliance import errors
from appliance.db import connection

AT_ONCE: Final = 1000  # rows read at once while a list is sifted


class Row(Protocol):
    """What has an id."""

    @property
    def id(self) -> str:
        """The row's key."""
        ...


R = TypeVar("R", bound=Row)


class OfProject(Protocol[R]):
    """Reads a page of a project's rows: the function `of_project` of `instances`, `volumes`…"""

    def __call__(
        self,
        db: connection.Reader,
        project_id: str | None,
        /,
        *,
        marker: str | None = None,
        limit: int = 1000,
    ) -> list[R]:
        """At most `limit` rows after the one with id `marker`."""
        ...


def each(
    of_project: OfProject[R],
    db: connection.Reader,
    project_id: str | None,
    *,
    marker: str | None = None,
) -> Iterator[R]:
    """All of a project's rows after `marker`, a page in memory at a time."""
    while True:
        page = of_project(db, project_id, marker=marker, limit=AT_ONCE)
        yield from page
        if len(page) < AT_ONCE:
            return
        marker = page[-1].id


def newest(
    db: connection.Reader,
    table: str,
    project_id: str | None,
    *,
    marker: str | None = None,
    limit: int = 1000,
    where: Mapping[str, object] | None = None,
) -> list[connection.Row]:
    """Rows that are not deleted and have the values `where`; of all projects when that is None.

    `marker` is the last id of the page before. Raises BadRequest when there is no such row.
    """
    wanted = dict(where or {}) | ({} if project_id is None else {"project_id": project_id})
    conditions = ["deleted_at IS NULL", *(f"{column} = ?" for column in wanted)]
    params = list(wanted.values())
    if marker is not None:
        at = db.row(f"SELECT created_at FROM {table} WHERE id = ?", (marker,))
        if at is None:
            raise errors.BadRequest(f"marker [{marker}] not found")
        conditions.append("(created_at, id) < (?, ?)")
        params += [at["created_at"], marker]
    return db.rows(
        f"SELECT * FROM {table} WHERE {' AND '.join(conditions)} "
        f"ORDER BY created_at DESC, id DESC LIMIT ?",
        (*params, limit),
    )
