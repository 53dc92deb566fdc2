"""A credential of a user that is none of our own: a blob that we keep sealed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One row of `credentials`; `blob_sealed` opens with the cloud's keys of secrets alone."""

    id: str
    type: str
    blob_sealed: str = field(repr=False)
    user_id: str
    project_id: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
