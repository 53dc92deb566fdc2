"""How much of a resource a project or domain may have, as Keystone keeps it for the services.

Nothing here enforces: a service reads its limits and does that.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredLimit:
    """One row of `registered_limits`: what everybody may have of a service's resource, by default.

    -1 is without limit.
    """

    id: str
    service_id: str
    resource_name: str
    default_limit: int
    region_id: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One row of `limits` with what it takes from its registered limit: the same for one target.

    `target_id` is a project's or, where it `is_of_domain`, a domain's.
    """

    id: str
    registered_limit_id: str
    target_id: str
    resource_limit: int
    description: str | None = None
    service_id: str
    resource_name: str
    region_id: str | None = None
    is_of_domain: int = 0
