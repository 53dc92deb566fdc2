"""Volumes, with Cinder's words."""

from __future__ import annotations

from dataclasses import dataclass

from tui.client.nouns.moment import Time


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A volume, with Cinder's words for its states; ``target`` is ``address:port iqn lun``."""

    id: str
    name: str = ""
    status: str = ""
    size_gib: int = 0
    volume_type: str = ""
    host: str = ""
    is_bootable: bool = False
    instance_id: str | None = None
    device: str | None = None
    target: str | None = None
    reason: str = ""
    created_at: Time = None
    request_id: str | None = None
    project_id: str = ""

    @property
    def key(self) -> str:
        """Its id."""
        return self.id
