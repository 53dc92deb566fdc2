"""What a pool of volumes must do. Knows no row, no export and no image.

Volumes and snapshots are named by the ids that the caller gives (UUIDs); whatever a pool makes on
the host carries the prefix `nbx-`. Sizes are bytes, multiples of 512.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What the pool can hold: bytes of real storage, promised ones not counted."""

    total_bytes: int
    free_bytes: int


class Pool(Protocol):
    """The verbs. Each may be repeated after a crash at any point and then finishes the work.

    All raise BlockError (NoSpace when that is why), which carries what was tried; then nothing
    half-made is visible. What a verb made survives power loss once it returned.
    """

    def create(self, volume_id: str, *, size_bytes: int) -> None:
        """Make an empty volume (it reads as zeros); one that is there already is kept."""
        ...

    def create_from(self, snapshot_id: str, volume_id: str, *, size_bytes: int) -> None:
        """Make a volume with the snapshot's bytes, grown to `size_bytes`; one there is kept."""
        ...

    def filling(self, volume_id: str, *, size_bytes: int) -> AbstractContextManager[Path]:
        """A volume under construction as a path to write into (raw bytes from its start).

        It becomes the volume when the block ends well, and is removed when it raises. One that is
        the volume already is made anew.
        """
        ...

    def delete(self, volume_id: str) -> None:
        """Remove the volume; none is fine. Raises Busy when an export or a snapshot needs it."""
        ...

    def extend(self, volume_id: str, *, size_bytes: int) -> None:
        """Grow the volume; one that is that large already is left alone."""
        ...

    def snapshot(self, volume_id: str, snapshot_id: str) -> None:
        """Keep the volume's bytes as they are now; a snapshot that is there already is kept."""
        ...

    def delete_snapshot(self, snapshot_id: str) -> None:
        """Remove the snapshot; none is fine. Volumes made from it stay."""
        ...

    @property
    def can_snapshot_in_use(self) -> bool:
        """Whether `snapshot` is of one moment while a guest writes."""
        ...

    def device(self, volume_id: str) -> Path:
        """The file or block device with the volume's bytes, ready to be exported."""
        ...

    def place(self, volume_id: str) -> Path:
        """Where the volume's bytes are, or would be; nothing is done, and nothing looked at."""
        ...

    def snapshot_place(self, snapshot_id: str) -> Path:
        """The same of a snapshot's."""
        ...

    def volumes(self) -> Iterator[str]:
        """Ids of the volumes it keeps."""
        ...

    def snapshots(self) -> Iterator[str]:
        """Ids of the snapshots it keeps."""
        ...

    def capacity(self) -> Capacity:
        """What there is."""
        ...

    def clear(self) -> None:
        """Remove everything of ours, whatever happened before."""
        ...
