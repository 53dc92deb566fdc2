"""Rows of `image_copies`: further places of an image's bytes, in the order in which they came."""

import json
from collections.abc import Mapping
from typing import Any

from appliance.db import connection
from appliance.model.image_copy import ImageCopy


def create(tx: connection.Transaction, copy: ImageCopy) -> None:
    """Insert the row. Raises Conflict when that place is known."""
    tx.insert(
        "image_copies", image_id=copy.image_id, store=copy.store, location=copy.location,
        created_at=copy.created_at, metadata=json.dumps(dict(copy.metadata)),
        is_whole=copy.is_whole,
    )  # fmt: skip


def of_image(db: connection.Reader, image_id: str, *, is_whole: bool = True) -> list[ImageCopy]:
    """The image's copies that are whole, or those that are not."""
    rows = db.rows(
        "SELECT image_id, store, location, created_at, metadata, is_whole FROM image_copies "
        "WHERE image_id = ? AND is_whole = ? ORDER BY id",
        (image_id, int(is_whole)),
    )
    return [_copy(dict(row)) for row in rows]


def left(db: connection.Reader) -> list[ImageCopy]:
    """Copies of images that are there, not whole, and no open task's: nobody goes on with them."""
    rows = db.rows(
        "SELECT c.image_id, c.store, c.location, c.created_at, c.metadata, c.is_whole "
        "FROM image_copies c JOIN images i ON i.id = c.image_id "
        "WHERE c.is_whole = 0 AND i.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM image_tasks t "
        "WHERE t.image_id = c.image_id AND t.status IN ('pending', 'processing')) ORDER BY c.id"
    )
    return [_copy(dict(row)) for row in rows]


def put_whole(tx: connection.Transaction, copy: ImageCopy) -> bool:
    """Say that all bytes are there; False when nobody wants the copy any more."""
    return bool(
        tx.execute(
            "UPDATE image_copies SET is_whole = 1 "
            "WHERE image_id = ? AND store = ? AND location = ?",
            (copy.image_id, copy.store, copy.location),
        )
    )


def put_metadata(tx: connection.Transaction, copy: ImageCopy, metadata: Mapping[str, Any]) -> None:
    """Write what a user says of the place."""
    tx.execute(
        "UPDATE image_copies SET metadata = ? WHERE image_id = ? AND store = ? AND location = ?",
        (json.dumps(dict(metadata)), copy.image_id, copy.store, copy.location),
    )


def delete(tx: connection.Transaction, copy: ImageCopy) -> None:
    """Forget the place; it may be forgotten already."""
    tx.execute(
        "DELETE FROM image_copies WHERE image_id = ? AND store = ? AND location = ?",
        (copy.image_id, copy.store, copy.location),
    )


def _copy(row: dict[str, Any]) -> ImageCopy:
    return ImageCopy(**row | {"metadata": json.loads(row["metadata"])})
