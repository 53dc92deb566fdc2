"""An application credential: a secret that stands for its user in one project, with some roles."""

from dataclasses import dataclass, field

from appliance import ids
from appliance.model.access_rule import AccessRule


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationCredential:
    """One row of `application_credentials` with its access rules; none means any call.

    `roles` are role ids. It ends when its user has one of them no more.
    """

    id: str
    name: str
    secret_hash: str = field(repr=False)
    user_id: ids.UserId
    project_id: ids.ProjectId
    roles: tuple[str, ...]
    created_at: str
    description: str = ""
    is_unrestricted: int = 0
    expires_at: str | None = None
    access_rules: tuple[AccessRule, ...] = ()
