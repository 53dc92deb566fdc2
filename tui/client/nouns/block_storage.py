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
    image_id: str | None = None
    snapshot_id: str | None = None
    source_volume_id: str | None = None
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a volume held at one moment."""

    id: str
    name: str = ""
    status: str = ""
    size_gib: int = 0
    volume_id: str = ""
    host: str = ""
    reason: str = ""
    created_at: Time = None
    request_id: str | None = None
    project_id: str = ""

    @property
    def key(self) -> str:
        """Its id."""
        return self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeUse:
    """What a volume really takes on the disk; None where nobody could say."""

    id: str
    used_bytes: int | None = None

    @property
    def key(self) -> str:
        """The volume's id."""
        return self.id
