"""Networks, with Neutron's words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A project's network."""

    id: str
    name: str = ""
    cidr: str | None = None
    ports: int = 0
    project_id: str | None = None

    @property
    def key(self) -> str:
        """Its id."""
        return self.id
