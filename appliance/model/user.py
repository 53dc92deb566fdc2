"""A user, the roles there are, and which user has which role in which project."""

from dataclasses import dataclass, field

from appliance import ids

DOMAIN_ID = "default"
DOMAIN_NAME = "Default"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One row of `users`; all are in the one domain."""

    id: ids.UserId
    name: str
    password_hash: str = field(repr=False)
    domain_id: str = DOMAIN_ID
    default_project_id: ids.ProjectId | None = None
    is_enabled: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One row of `roles`."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A user's role in a project, with the names that go with the ids."""

    user_id: ids.UserId
    user_name: str
    project_id: ids.ProjectId
    project_name: str
    role_id: str
    role_name: str
