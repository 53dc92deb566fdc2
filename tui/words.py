"""From the APIs' state strings to what a person sees: a word and one of six meanings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tui.client import nouns
from tui.glyphs import Meaning

_INSTANCE: Final[Mapping[str, tuple[str, Meaning]]] = {
    "active": ("running", "good"),
    "stopped": ("stopped", "off"),
    "paused": ("paused", "off"),
    "suspended": ("suspended", "off"),
    "shelved": ("shelved", "off"),
    "deleted": ("deleted", "off"),
    "soft-delete": ("deleted", "off"),
    "error": ("error", "failed"),
    "building": ("pending", "busy"),
    "resized": ("resized", "attention"),
    "rescued": ("rescued", "attention"),
}
_IMAGE: Final[Mapping[str, Meaning]] = {
    "active": "good",
    "queued": "busy",
    "saving": "busy",
    "uploading": "busy",
    "importing": "busy",
    "pending_delete": "off",
    "deactivated": "off",
    "deleted": "off",
    "killed": "failed",
}
_VOLUME: Final[Mapping[str, Meaning]] = {
    "available": "good",
    "in-use": "good",
    "error": "failed",
    "error_extending": "failed",
    "error_deleting": "failed",
    "deleted": "off",
}
_SERVICE: Final[Mapping[str, Meaning]] = {"up": "good", "stopped": "off"}
_DEED: Final[Mapping[str, Meaning]] = {
    "done": "good", "undone": "attention", "expired": "off", "final": "off",
}  # fmt: skip
_HOP: Final[Mapping[str, Meaning]] = {"ok": "good", "running": "busy", "error": "failed"}


def of_instance(instance: nouns.Instance) -> tuple[str, Meaning]:
    """Return word and meaning; a task under way is told by its name, not as BUILD."""
    state = (instance.vm_state or instance.status or "unknown").lower()
    if instance.task_state and state != "error":
        return instance.task_state, "busy"
    return _INSTANCE.get(state, (state, "unknown"))


def of_image(image: nouns.Image) -> tuple[str, Meaning]:
    """Return the status word and its meaning."""
    return image.status, _IMAGE.get(image.status, "unknown")


def of_volume(volume: nouns.Volume | nouns.Snapshot) -> tuple[str, Meaning]:
    """Return the status word and its meaning; what is under way is told by its word."""
    return volume.status, _VOLUME.get(volume.status, "busy")


def of_service(service: nouns.Service) -> tuple[str, Meaning]:
    """Return up, stopped (by somebody) or down, and its meaning; up and in trouble is no good."""
    if service.state == "up" and service.trouble:
        return service.state, "attention"
    return service.state, _SERVICE.get(service.state, "failed")


def of_hop(hop: nouns.Hop | nouns.Request) -> tuple[str, Meaning]:
    """Return the status word and its meaning."""
    return hop.status, _HOP.get(hop.status, "unknown")


def of_deed(deed: nouns.Deed) -> tuple[str, Meaning]:
    """Return done, undone, expired or final, and its meaning."""
    return deed.state, _DEED.get(deed.state, "unknown")


def fault(instance: nouns.Instance) -> str:
    """Return why the instance is in ERROR, or an empty text."""
    if isinstance(instance.fault, nouns.Fault):
        return instance.fault.message
    return instance.fault or ""
