"""The catalogue as people and as scripts read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from tui import quantities
from tui.catalog.entries import Entry
from tui.client.openstack import StoredImage

_UNKNOWN = "?"


def lines(entries: Iterable[Entry], images: list[StoredImage] | None) -> list[str]:
    """Return a table of 80 columns; without ``images`` nobody knows what is in the cloud."""
    rows = [("NAME", "TITLE", "USER", "IN THE CLOUD")]
    for entry in entries:
        title = entry.title if len(entry.title) <= 34 else f"{entry.title[:33]}…"
        rows.append((entry.name, title, entry.user, _state(entry, images)))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]])
        for row in rows
    ]


def document(entries: Mapping[str, Entry], images: list[StoredImage] | None) -> dict[str, Any]:
    """Return it for ``--json``; an entry's ``images`` is null where no cloud was asked."""
    return {
        "is_cloud_known": images is not None,
        "images": [
            asdict(entry)
            | {"images": None if images is None else [_image(one) for one in _of(entry, images)]}
            for entry in entries.values()
        ],
    }


def _of(entry: Entry, images: list[StoredImage]) -> list[StoredImage]:
    return [image for image in images if image.novabox_catalog == entry.name]


def _state(entry: Entry, images: list[StoredImage] | None) -> str:
    if images is None:
        return _UNKNOWN
    found = _of(entry, images)
    if not found:
        return "-"
    more = f" +{len(found) - 1}" if len(found) > 1 else ""
    return f"{found[0].visibility}, {quantities.size(found[0].size)}{more}"


def _image(image: StoredImage) -> dict[str, Any]:
    return {
        "id": image.id,
        "name": image.name,
        "visibility": image.visibility,
        "size_bytes": image.size,
        "checksum": image.novabox_catalog_checksum,
    }
