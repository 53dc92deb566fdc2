"""A task of the image service: what somebody asked for that takes a while (Glance's Task)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class TaskStatus(StrEnum):
    """How far a task is; the last two are its end."""

    PENDING = "pending"
    PROCESSING = "processing"
    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageTask:
    """One row of `image_tasks`. `input` is what was asked, `result` what came of it.

    Bytes are those fetched so far, and (None: nobody knows) all of them.
    """

    id: str
    type: str
    image_id: str | None
    project_id: str
    user_id: str
    request_id: str
    input: Mapping[str, Any]
    created_at: str
    updated_at: str
    status: TaskStatus = TaskStatus.PENDING
    result: Mapping[str, Any] | None = None
    message: str = ""
    done_bytes: int = 0
    total_bytes: int | None = None
    expires_at: str | None = None
