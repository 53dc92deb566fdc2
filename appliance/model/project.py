"""A project: what instances, images and networks belong to; a domain is one that acts so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from appliance import ids

DEFAULT_DOMAIN: Final = "default"  # the id of the domain that every cloud has


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One row of `projects` with its tags.

    A domain `is_domain`, has no parent, and "" as its `domain_id`. Any other has a parent: another
    project of its domain, or the domain itself. `extra` is what a user said beside what is known.
    """

    id: ids.ProjectId
    name: str
    domain_id: str = DEFAULT_DOMAIN
    parent_id: str | None = DEFAULT_DOMAIN
    description: str = ""
    is_enabled: int = 1
    is_domain: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
