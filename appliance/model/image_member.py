"""A project with which an image is shared, and what it thinks of it."""

from dataclasses import dataclass
from enum import StrEnum


class MemberStatus(StrEnum):
    """Whether the project wants to see the image among its own (Glance's member statuses)."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageMember:
    """One row of `image_members`; `member_id` is a project's id."""

    image_id: str
    member_id: str
    created_at: str
    updated_at: str
    status: MemberStatus = MemberStatus.PENDING
