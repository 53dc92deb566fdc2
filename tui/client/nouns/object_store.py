"""Containers and objects, with Swift's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tui.client.nouns.moment import Time


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of a listing: a container, an object in one, or what names begin with (a folder).

    ``name`` is without its container, and of a folder with the slash at its end.
    """

    kind: Literal["container", "folder", "object"]
    container: str
    name: str = ""
    size_bytes: int | None = None
    count: int | None = None
    etag: str = ""
    content_type: str = ""
    modified_at: Time = None

    @property
    def key(self) -> str:
        """Its path in the account."""
        return f"{self.container}/{self.name}" if self.name else self.container
