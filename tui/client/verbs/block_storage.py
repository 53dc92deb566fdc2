"""The calls of Block Storage v3 that this client makes."""

from __future__ import annotations

from tui.client.call import Call


def volumes() -> Call:
    """List the project's volumes, with details."""
    return Call(service="block-storage", method="GET", path="/volumes/detail")


def delete_volume(volume_id: str) -> Call:
    """Delete a volume."""
    return Call(service="block-storage", method="DELETE", path=f"/volumes/{volume_id}")
