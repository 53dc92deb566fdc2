"""Rows of `images`, `image_properties` and `image_tags`: reads, and one compare-and-swap."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from appliance import clock, context, errors, ids, trace
from appliance.db import connection, image_copies, image_members
from appliance.model import image as model
from appliance.model.image import Image, ImageEvent, ImageStatus, Visibility

COLUMNS: Final = tuple(
    each.name
    for each in dataclasses.fields(Image)
    if each.name not in ("properties", "tags", "copies")
)
# name in the Image API → column: what a list is sorted by
SORT_COLUMNS: Final = {
    "name": "name", "status": "status", "container_format": "container_format",
    "disk_format": "disk_format", "size": "size_bytes", "id": "id", "created_at": "created_at",
    "updated_at": "updated_at",
}  # fmt: skip
_NEVER_NULL: Final = frozenset({"id", "status", "created_at", "updated_at"})
# the API's moments are whole seconds, a row's are not
_WHOLE_SECONDS: Final = {
    name: f"substr(i.{name}, 1, 19)" for name in ("created_at", "updated_at")
}  # fmt: skip
_SELECT: Final = """
SELECT i.*,
       (SELECT json_group_object(p.name, p.value) FROM image_properties p WHERE p.image_id = i.id)
           AS properties,
       (SELECT json_group_array(t.tag) FROM image_tags t WHERE t.image_id = i.id) AS tags,
       EXISTS (SELECT 1 FROM image_copies c WHERE c.image_id = i.id) AS has_copies
FROM images i
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of a list: `column` `operator` any of `values` (several only with `=`)."""

    column: str  # of COLUMNS; never a caller's text
    operator: str  # =, !=, <, <=, >, >=; never a caller's text
    # moments are `2010-10-21T16:42:07`
    values: tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a list shows and how: every condition holds; sort keys as in the Image API."""

    conditions: tuple[Condition, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    sort: tuple[tuple[str, str], ...] = (("created_at", "desc"), ("id", "desc"))
    marker: str | None = None
    limit: int = 1000
    member_status: str = "accepted"  # of shared images of others: or pending, rejected, all


def create(tx: connection.Transaction, image: Image) -> None:
    """Insert the row with its properties and tags. Raises Conflict when the id is taken."""
    if tx.row("SELECT 1 FROM images WHERE id = ?", (image.id,)):
        raise errors.Conflict(f"Image ID {image.id} already exists!")
    tx.insert("images", **{name: getattr(image, name) for name in COLUMNS})
    _put_properties(tx, image.id, image.properties)
    _put_tags(tx, image.id, image.tags)


def get(db: connection.Reader, image_id: str) -> Image:
    """The image, deleted or not. Raises NotFound."""
    row = db.row(f"{_SELECT} WHERE i.id = ?", (image_id,))
    return _image(db, connection.found(row, "image", image_id))


def get_visible(db: connection.Reader, image_id: str, ctx: context.RequestContext) -> Image:
    """The image if it is not deleted and `ctx` may see it. Raises NotFound."""
    image = get(db, image_id)
    is_seen = (
        image.is_public
        or image.project_id == ctx.project_id
        or (
            image.visibility is Visibility.SHARED
            and image_members.find(db, image_id, ctx.project_id) is not None
        )
    )
    if image.deleted_at or not (is_seen or ctx.is_admin or ctx.is_service):
        raise errors.NotFound("image", image_id)
    return image


def visible(
    db: connection.Reader, ctx: context.RequestContext, query: Query | None = None
) -> list[Image]:
    """Images that are not deleted and that `ctx` may see, sorted, from after the marker.

    Other projects' community images are there only for who asks for that visibility, and shared
    ones for the member that accepted them, or asks for another `member_status`. Raises
    BadRequest when the marker is not among them.
    """
    query = query or Query()
    where, params = _conditions(query, ctx)
    if query.marker is not None:
        beyond, values = _beyond(db, query, where, params)
        where.append(beyond)
        params += values
    order = ", ".join(f"i.{column} {_direction(way)}" for column, way in _sorted_by(query))
    rows = db.rows(  # a page's ids first: only for those is looked at more than their own row
        f"WITH page AS (SELECT i.id AS page_id FROM images i WHERE {' AND '.join(where)} "
        f"ORDER BY {order} LIMIT ?) {_SELECT} JOIN page ON page.page_id = i.id ORDER BY {order}",
        (*params, query.limit),
    )
    return [_image(db, dict(row)) for row in rows]


def in_progress(db: connection.Reader) -> list[Image]:
    """Images whose bytes are coming in, are to be fetched, or are to be removed now."""
    rows = db.rows(
        f"{_SELECT} WHERE i.status IN ('saving', 'importing', 'pending_delete') "
        "AND i.trashed_until IS NULL"
    )
    return [_image(db, dict(row)) for row in rows]


def trashed(db: connection.Reader, *, until: str | None = None) -> list[str]:
    """Ids of the images in the trash, the oldest first; only of those whose time is over then."""
    rows = db.rows(
        "SELECT id FROM images WHERE status = 'pending_delete' AND trashed_until IS NOT NULL "
        "AND (? IS NULL OR trashed_until <= ?) ORDER BY trashed_until",
        (until, until),
    )
    return [row["id"] for row in rows]


def any_going(db: connection.Reader, image_ids: Sequence[str]) -> bool:
    """Whether bytes of any of these images are still to be removed."""
    marks = ", ".join("?" * len(image_ids))
    sql = f"SELECT 1 FROM images WHERE id IN ({marks}) AND status = 'pending_delete' LIMIT 1"
    return db.row(sql, tuple(image_ids)) is not None


def let_go(tx: connection.Transaction, image_id: str) -> bool:
    """Take an image out of the trash for good: its bytes are to be removed; False: it is not there.

    Nobody can have it back from here on, whatever becomes of whoever removes them.
    """
    touched = tx.execute(
        "UPDATE images SET trashed_until = NULL "
        "WHERE id = ? AND status = 'pending_delete' AND trashed_until IS NOT NULL",
        (image_id,),
    )
    return bool(touched)


def staged(db: connection.Reader) -> set[str]:
    """How the names begin of all bytes that wait on this host, those of imports under way too."""
    rows = db.rows(
        "SELECT staged_location AS name FROM images "
        "WHERE status IN ('uploading', 'importing') AND staged_location IS NOT NULL "
        "UNION SELECT id FROM images WHERE status = 'importing'"
    )
    return {row["name"] for row in rows}


def put_import(
    tx: connection.Transaction,
    image_id: str,
    *,
    importing_to: Sequence[str],
    failed_to: Sequence[str],
) -> None:
    """Write which stores the import is still about, and where it came to nothing."""
    tx.execute(
        "UPDATE images SET importing_to = ?, failed_to = ? WHERE id = ?",
        (",".join(importing_to), ",".join(failed_to), image_id),
    )


def put_staged(tx: connection.Transaction, image_id: str, location: str | None) -> None:
    """Write where the image's bytes wait now."""
    tx.execute("UPDATE images SET staged_location = ? WHERE id = ?", (location, image_id))


def move(
    tx: connection.Transaction, image_id: str, *, store: str | None, location: str | None
) -> None:
    """Write where the first of the image's places is now; None: it has only copies."""
    tx.execute(
        "UPDATE images SET store = ?, location = ? WHERE id = ?", (store, location, image_id)
    )


def advance(
    tx: connection.Transaction, image: Image, event: ImageEvent, **columns: object
) -> Image:
    """Change the status by `event`, as one compare-and-swap against `image`: status and claim.

    The claim ends with it unless `columns` has a new one. Raises Conflict when `event` cannot
    happen in that status, Superseded when somebody else changed it first.
    """
    new = model.after(event, image.status)
    request = context.current.get() or context.RequestContext(request_id=image.request_id)
    now = clock.stamp()
    with trace.hop(
        "state", event, target="database", image=image.id,
        before=str(image.status), after=str(new),
    ):  # fmt: skip
        values: dict[str, object] = {
            "status": new, "updated_at": now, "request_id": request.request_id,
            "claim_owner": None, "claim_expires_at": None,
        } | columns  # fmt: skip
        names = ", ".join(f"{name} = :{name}" for name in values)
        touched = tx.execute(
            f"UPDATE images SET {names} WHERE id = :is_id AND status = :is_status "
            "AND claim_owner IS :is_owner",
            values | {"is_id": image.id, "is_status": image.status, "is_owner": image.claim_owner},
        )
        if not touched:
            raise errors.Superseded(f"image {image.id} is not {image.status} any more")
    return get(tx, image.id)


def claim(tx: connection.Transaction, image: Image, *, owner: str, until: str) -> Image:
    """Hold the image until then, in place of who held it, or longer.

    Raises Superseded when its status or claim is not that of `image` any more.
    """
    touched = tx.execute(
        "UPDATE images SET claim_owner = ?, claim_expires_at = ? "
        "WHERE id = ? AND status = ? AND claim_owner IS ?",
        (owner, until, image.id, image.status, image.claim_owner),
    )
    if not touched:
        raise errors.Superseded(f"image {image.id} is not {image.status} any more, or not ours")
    return get(tx, image.id)


def begin_import(tx: connection.Transaction, image: Image, *, store: str, location: str) -> Image:
    """Count one more attempt on an image that we hold, and say where its bytes go this time.

    Raises Superseded when it is not ours any more.
    """
    touched = tx.execute(
        "UPDATE images SET store = ?, location = ?, attempts = attempts + 1 "
        "WHERE id = ? AND status = 'importing' AND claim_owner IS ?",
        (store, location, image.id, image.claim_owner),
    )
    if not touched:
        raise errors.Superseded(f"image {image.id} is not ours to import any more")
    return get(tx, image.id)


def put_off(tx: connection.Transaction, image: Image, *, reason: str) -> None:
    """Let go of what has to wait, if we still hold it, and say why: whoever comes may go on."""
    tx.execute(
        "UPDATE images SET claim_owner = NULL, claim_expires_at = NULL, reason = ? "
        "WHERE id = ? AND claim_owner IS ?",
        (reason, image.id, image.claim_owner),
    )


def update(tx: connection.Transaction, image: Image) -> Image:
    """Write what a user may change: not its status, nor what follows from its bytes."""
    touched = tx.execute(
        "UPDATE images SET name = :name, visibility = :visibility, project_id = :project_id, "
        "container_format = :container_format, disk_format = :disk_format, "
        "min_disk_gib = :min_disk_gib, min_memory_mib = :min_memory_mib, "
        "is_protected = :is_protected, is_hidden = :is_hidden, updated_at = :updated_at "
        "WHERE id = :id AND deleted_at IS NULL",
        {name: getattr(image, name) for name in COLUMNS} | {"updated_at": clock.stamp()},
    )
    if not touched:
        raise errors.NotFound("image", image.id)
    tx.execute("DELETE FROM image_properties WHERE image_id = ?", (image.id,))
    tx.execute("DELETE FROM image_tags WHERE image_id = ?", (image.id,))
    _put_properties(tx, image.id, image.properties)
    _put_tags(tx, image.id, image.tags)
    return get(tx, image.id)


def _put_properties(
    tx: connection.Transaction, image_id: str, properties: Mapping[str, str]
) -> None:
    for name, value in properties.items():
        tx.insert("image_properties", image_id=image_id, name=name, value=value)


def _put_tags(tx: connection.Transaction, image_id: str, tags: Sequence[str]) -> None:
    for tag in dict.fromkeys(tags):
        tx.insert("image_tags", image_id=image_id, tag=tag)


def _conditions(query: Query, ctx: context.RequestContext) -> tuple[list[str], list[object]]:
    """The WHERE clauses of a list and their values."""
    where, params = ["i.deleted_at IS NULL"], list[object]()
    asked = {
        value
        for condition in query.conditions
        if condition.column == "visibility"
        for value in condition.values
    }
    if not ctx.is_admin:
        seen = "'public', 'community'" if Visibility.COMMUNITY in asked else "'public'"
        where.append(
            f"(i.project_id = ? OR i.visibility IN ({seen}) OR i.visibility = 'shared' "
            "AND EXISTS (SELECT 1 FROM image_members m WHERE m.image_id = i.id "
            "AND m.member_id = ? AND ? IN (m.status, 'all')))"
        )
        params += [ctx.project_id, ctx.project_id, query.member_status]
    elif not asked:
        where.append("(i.project_id = ? OR i.visibility != 'community')")
        params.append(ctx.project_id)
    for condition in query.conditions:
        value = _WHOLE_SECONDS.get(condition.column, f"i.{condition.column}")
        if condition.operator == "=":
            where.append(f"{value} IN ({', '.join('?' * len(condition.values))})")
        else:
            where.append(f"{value} {condition.operator} ?")
        params += condition.values
    for name, value in query.properties.items():
        where.append(
            "EXISTS (SELECT 1 FROM image_properties p "
            "WHERE p.image_id = i.id AND p.name = ? AND p.value = ?)"
        )
        params += [name, value]
    for tag in query.tags:
        where.append("EXISTS (SELECT 1 FROM image_tags t WHERE t.image_id = i.id AND t.tag = ?)")
        params.append(tag)
    return where, params


def _sorted_by(query: Query) -> list[tuple[str, str]]:
    """The columns of the order, each once, and which way."""
    found: dict[str, str] = {}
    for key, way in query.sort:
        found.setdefault(SORT_COLUMNS[key], way)
    return list(found.items())


def _beyond(
    db: connection.Reader, query: Query, where: Sequence[str], params: Sequence[object]
) -> tuple[str, list[object]]:
    """The condition that a row comes after the marker, and its values. NULL is less than anything.

    Raises BadRequest when the marker is not in the list.
    """
    order = _sorted_by(query)
    names = ", ".join(f"i.{column}" for column, _ in order)
    at = db.row(
        f"SELECT {names} FROM images i WHERE {' AND '.join(where)} AND i.id = ?",
        (*params, query.marker),
    )
    if at is None:
        raise errors.BadRequest(f"Marker {query.marker} could not be found.")
    either, values, same, same_values = list[str](), list[object](), list[str](), list[object]()
    for column, way in order:
        either.append(" AND ".join([*same, _is_after(column, way, is_null=at[column] is None)]))
        values += [*same_values, *([] if at[column] is None else [at[column]])]
        same.append(f"i.{column} IS ?")
        same_values.append(at[column])
    beyond = f"({' OR '.join(f'({one})' for one in either)})"
    first, way = order[0]
    if first in _NEVER_NULL:  # what an index can begin at
        beyond += f" AND i.{first} {'>=' if way == 'asc' else '<='} ?"
        values.append(at[first])
    return beyond, values


def _is_after(column: str, way: str, *, is_null: bool) -> str:
    if is_null:
        return f"i.{column} IS NOT NULL" if way == "asc" else "FALSE"
    return f"i.{column} > ?" if way == "asc" else f"(i.{column} < ? OR i.{column} IS NULL)"


def _direction(way: str) -> str:
    return "ASC" if way == "asc" else "DESC"


def _image(db: connection.Reader, row: dict[str, Any]) -> Image:
    copies = image_copies.of_image(db, row["id"]) if row.pop("has_copies") else []
    return Image(
        **row
        | {
            "id": ids.ImageId(row["id"]),
            "status": ImageStatus(row["status"]),
            "visibility": Visibility(row["visibility"]),
            "properties": json.loads(row["properties"]),
            "tags": tuple(sorted(json.loads(row["tags"]))),
            "copies": tuple(copies),
        }
    )
