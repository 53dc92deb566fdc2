"""A project: what instances, images and networks belong to."""

from dataclasses import dataclass

from appliance import ids
from appliance.model.user import DOMAIN_ID


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One row of `projects`; all are in the one domain."""

    id: ids.ProjectId
    name: str
    domain_id: str = DOMAIN_ID
    description: str = ""
    is_enabled: int = 1
