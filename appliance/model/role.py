"""A role, and who has it where."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

SYSTEM: Final = None  # the target of a grant on the system: the whole cloud


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One row of `roles`; `domain_id` is "" for a role of the whole cloud.

    A role of a domain stands in no token: it is there for the roles that it implies.
    """

    id: str
    name: str
    domain_id: str = ""
    description: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One row of `role_assignments`: a user or a group has a role on a project, a domain, or (None)
    the system. What `is_inherited` holds not there but in all that is below.
    """

    role_id: str
    user_id: str | None = None
    group_id: str | None = None
    target_id: str | None = SYSTEM
    is_inherited: int = 0
