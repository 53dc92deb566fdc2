"""Rows of `image_members`: with which projects an image is shared."""

import dataclasses

from appliance import clock, errors
from appliance.db import connection
from appliance.model.image_member import ImageMember, MemberStatus

_NOUN = "image member"


def create(tx: connection.Transaction, member: ImageMember) -> None:
    """Insert the row. Raises Conflict when the project is a member."""
    if find(tx, member.image_id, member.member_id) is not None:
        raise errors.Conflict(
            f"Image member {member.member_id} already existed for image {member.image_id}"
        )
    tx.insert("image_members", **dataclasses.asdict(member))


def find(db: connection.Reader, image_id: str, member_id: str) -> ImageMember | None:
    """The project as a member of the image, None when it is none."""
    row = db.row(
        "SELECT * FROM image_members WHERE image_id = ? AND member_id = ?", (image_id, member_id)
    )
    return _member(row) if row else None


def of_image(db: connection.Reader, image_id: str) -> list[ImageMember]:
    """The image's members, oldest first."""
    rows = db.rows(
        "SELECT * FROM image_members WHERE image_id = ? ORDER BY created_at, member_id", (image_id,)
    )
    return [_member(row) for row in rows]


def put_status(
    tx: connection.Transaction, image_id: str, member_id: str, status: MemberStatus
) -> None:
    """Write what the project thinks of the image. Raises NotFound."""
    touched = tx.execute(
        "UPDATE image_members SET status = ?, updated_at = ? WHERE image_id = ? AND member_id = ?",
        (status, clock.stamp(), image_id, member_id),
    )
    if not touched:
        raise errors.NotFound(_NOUN, member_id)


def delete(tx: connection.Transaction, image_id: str, member_id: str) -> None:
    """Let the project be a member no more. Raises NotFound."""
    touched = tx.execute(
        "DELETE FROM image_members WHERE image_id = ? AND member_id = ?", (image_id, member_id)
    )
    if not touched:
        raise errors.NotFound(_NOUN, member_id)


def _member(row: connection.Row) -> ImageMember:
    return ImageMember(**dict(row) | {"status": MemberStatus(row["status"])})
