"""A trust: one user lets another have some of its roles in a project."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """One row of `trusts`. `roles` are role ids; impersonating, the trustee counts as the trustor.

    `remaining_uses` None: any number of tokens. `redelegation_count`: how often it may be handed
    on.
    """

    id: str
    trustor_id: str
    trustee_id: str
    project_id: str | None
    roles: tuple[str, ...]
    is_impersonating: int
    expires_at: str | None = None
    remaining_uses: int | None = None
    redelegated_trust_id: str | None = None
    redelegation_count: int = 0
    deleted_at: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
