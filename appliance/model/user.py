"""A user and a group of users, each of one domain."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance import ids
from appliance.model.project import DEFAULT_DOMAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One row of `users`; `extra` is what somebody said beside what is known (email, description).

    `password_hash` is "" for who has no password, and cannot log in with one.
    """

    id: ids.UserId
    name: str
    password_hash: str = field(repr=False)
    domain_id: str = DEFAULT_DOMAIN
    default_project_id: ids.ProjectId | None = None
    is_enabled: int = 1
    extra: Mapping[str, Any] = field(default_factory=dict)
    password_set_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One row of `groups`."""

    id: str
    name: str
    domain_id: str = DEFAULT_DOMAIN
    description: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
