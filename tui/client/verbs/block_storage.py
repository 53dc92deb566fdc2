"""The calls of Block Storage v3 that this client makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import quote

from tui.client.call import Call

Kept = Literal["volume", "snapshot"]
"""What has a name, a description and metadata."""


def volumes() -> Call:
    """List the project's volumes, with details."""
    return _call("GET", "/volumes/detail")


def snapshots() -> Call:
    """List the project's snapshots, with details."""
    return _call("GET", "/snapshots/detail")


def types() -> Call:
    """List what kinds of volumes there are."""
    return _call("GET", "/types")


def create_volume(volume: Mapping[str, Any]) -> Call:
    """Make a volume: empty, or of an image, a snapshot or another volume."""
    return _call("POST", "/volumes", {"volume": volume})


def extend_volume(volume_id: str, size_gib: int) -> Call:
    """Make a volume larger; never smaller."""
    return _act(volume_id, "os-extend", {"new_size": size_gib})


def set_bootable(volume_id: str, *, is_bootable: bool) -> Call:
    """Say whether instances can be started from a volume."""
    return _act(volume_id, "os-set_bootable", {"bootable": is_bootable})


def delete_volume(volume_id: str, *, is_with_snapshots: bool = False) -> Call:
    """Delete a volume, which has no snapshots or goes with them."""
    return _call("DELETE", f"/volumes/{volume_id}{'?cascade=true' if is_with_snapshots else ''}")


def create_snapshot(volume_id: str, name: str) -> Call:
    """Keep what a volume holds now; force: also while an instance has it."""
    snapshot = {"volume_id": volume_id, "name": name, "force": True}
    return _call("POST", "/snapshots", {"snapshot": snapshot})


def delete_snapshot(snapshot_id: str) -> Call:
    """Delete a snapshot; what was made from it stays."""
    return _call("DELETE", f"/snapshots/{snapshot_id}")


def describe(kind: Kept, key: str, *, name: str, description: str | None = None) -> Call:
    """Give a volume or a snapshot another name, and another description where one is given."""
    changed = {"name": name} | ({} if description is None else {"description": description})
    return _call("PUT", f"/{kind}s/{key}", {kind: changed})


def metadata(kind: Kept, key: str) -> Call:
    """Get what users noted on a volume or a snapshot."""
    return _call("GET", f"/{kind}s/{key}/metadata")


def set_metadata(kind: Kept, key: str, name: str, value: str) -> Call:
    """Note a pair on a volume or a snapshot."""
    return _call("POST", f"/{kind}s/{key}/metadata", {"metadata": {name: value}})


def delete_metadata(kind: Kept, key: str, name: str) -> Call:
    """Forget a pair of a volume or a snapshot."""
    return _call("DELETE", f"/{kind}s/{key}/metadata/{quote(name, safe='')}")


_SERVICE: Final = "block-storage"


def _act(volume_id: str, action: str, argument: Mapping[str, Any]) -> Call:
    return _call("POST", f"/volumes/{volume_id}/action", {action: argument})


def _call(method: str, path: str, body: Mapping[str, Any] | None = None) -> Call:
    return Call(service=_SERVICE, method=method, path=path, body=body)
