"""Where a volume comes from and what came of it, as lines. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui import quantities
from tui.client.nouns import Image, Snapshot, Volume
from tui.glyphs import Glyphs
from tui.kinds import snapshots
from tui.store import Store

_SHOWN_MAX = 4  # moments in one line; the list has them all


def lines(volume: Volume, store: Store, glyphs: Glyphs, *, now_s: float) -> Iterable[str]:
    """Yield the line of moments, the newest first, then what was made from what."""
    taken = sorted(
        (one for one in store.all(Snapshot) if one.volume_id == volume.id),
        key=snapshots.age_order, reverse=True,
    )  # fmt: skip
    wire = f" {glyphs.wire * 2} "
    yield wire.join(
        [f"{glyphs.good} now", *_moments(taken, glyphs, now_s), *_origin(volume, store)]
    )
    for snapshot in taken:
        for made in store.all(Volume):
            if made.snapshot_id == snapshot.id:
                name = snapshot.name or snapshot.id[:8]
                yield f"  {glyphs.branch} {made.name or made.id[:8]} made from {name}"
    for clone in store.all(Volume):
        if clone.source_volume_id == volume.id:
            yield f"  {glyphs.branch} {clone.name or clone.id[:8]} cloned from it"


def _moments(taken: Sequence[Snapshot], glyphs: Glyphs, now_s: float) -> Iterable[str]:
    for snapshot in taken[:_SHOWN_MAX]:
        age = quantities.since(snapshot.created_at, now_s=now_s)
        yield f"{glyphs.off} {snapshot.name or snapshot.id[:8]} {age}"
    if len(taken) > _SHOWN_MAX:
        yield f"{len(taken) - _SHOWN_MAX} more"


def _origin(volume: Volume, store: Store) -> Iterable[str]:
    """Yield what the volume began as, if not empty."""
    if volume.snapshot_id:
        snapshot = store.find(Snapshot, volume.snapshot_id)
        yield f"from snapshot {snapshot.name if snapshot else volume.snapshot_id[:8]}"
    elif volume.image_id:
        image = store.find(Image, volume.image_id)
        yield f"from image {(image.name if image else '') or volume.image_id[:8]}"
    elif volume.source_volume_id:
        source = store.find(Volume, volume.source_volume_id)
        yield f"from volume {source.name if source else volume.source_volume_id[:8]}"
