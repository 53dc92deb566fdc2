"""Images, with Glance's words."""

from __future__ import annotations

from dataclasses import dataclass

from tui.client.nouns.moment import Time


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A row of the image registry."""

    id: str
    name: str | None = ""
    status: str = ""
    size_bytes: int | None = None
    disk_format: str | None = None
    container_format: str | None = None
    visibility: str = ""
    owner: str | None = None
    created_at: Time = None
    updated_at: Time = None
    store: str | None = None

    @property
    def key(self) -> str:
        """Its id."""
        return self.id
