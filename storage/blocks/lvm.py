"""The pool on LVM: thin volumes of one thin pool in a volume group that was made beforehand.

Everything is asked of LVM each time (lvs(8), lvmthin(7)), nothing remembered. A volume gets its
name when it is whole. Knows no row and no export.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from storage.blocks import program
from storage.blocks.errors import BlockError, Busy, NoSpace
from storage.blocks.pool import Capacity

POOL: Final = "nbx-pool"
VOLUME: Final = "nbx-v-"
SNAPSHOT: Final = "nbx-s-"
_DRAFT: Final = "nbx-n-"  # a volume under construction
_SHARE: Final = "90%FREE"  # of the group, for the pool; the rest is for its metadata and a spare
_ENV: Final = {"LC_ALL": "C", "LVM_SUPPRESS_FD_WARNINGS": "1"}  # the errors below are in English
_FULL: Final = ("insufficient free space", "free space in thin pool", "insufficient suitable")
_IN_USE: Final = ("in use", "is used by")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Volume:
    """One logical volume, as lvs reports it."""

    size_bytes: int
    used_percent: float  # of a thin pool or volume


class Lvm:
    """Pool in volume group `group`; its thin pool is made when first needed."""

    def __init__(self, group: str) -> None:
        self._group = group

    def create(self, volume_id: str, *, size_bytes: int) -> None:
        """Make a thin volume: what was never written reads as zeros (the pool zeroes)."""
        there = self._volumes()
        if VOLUME + volume_id not in there:
            self._make(VOLUME + volume_id, size_bytes, there=there)

    def create_from(self, snapshot_id: str, volume_id: str, *, size_bytes: int) -> None:
        """Make a thin snapshot of the snapshot, larger where wanted; they share blocks."""
        there = self._volumes()
        if VOLUME + volume_id in there:
            return
        source = there.get(SNAPSHOT + snapshot_id)
        if source is None:
            raise BlockError(f"snapshot {snapshot_id}: not in volume group {self._group}")
        with self._draft(volume_id, there) as draft:
            # a snapshot is skipped by activation; -kn: its copy is not
            self._lvm("lvcreate", "-kn", "-s", "-n", draft, self._full(SNAPSHOT + snapshot_id))
            if source.size_bytes < size_bytes:
                self._grow(draft, size_bytes)

    @contextmanager
    def filling(self, volume_id: str, *, size_bytes: int) -> Iterator[Path]:
        """Yield the device of an empty volume."""
        there = self._volumes()
        with self._draft(volume_id, there) as draft:
            self._make(draft, size_bytes, there=there)
            yield self._device(draft)
            _sync(self._device(draft))
            if VOLUME + volume_id in there:
                self._remove(VOLUME + volume_id)

    def delete(self, volume_id: str) -> None:
        """Remove the volume, unless it is open. Snapshots of it stay: they need it no more."""
        there = self._volumes()
        for prefix in (_DRAFT, VOLUME):
            if prefix + volume_id in there:
                self._remove(prefix + volume_id)

    def extend(self, volume_id: str, *, size_bytes: int) -> None:
        """Grow it; no block is taken before it is written."""
        there = self._volumes().get(VOLUME + volume_id)
        if there is None:
            raise BlockError(f"volume {volume_id}: not in volume group {self._group}")
        if there.size_bytes < size_bytes:
            self._grow(VOLUME + volume_id, size_bytes)

    def snapshot(self, volume_id: str, snapshot_id: str) -> None:
        """Make a thin snapshot: LVM suspends the volume meanwhile, so it is of one moment."""
        there = self._volumes()
        if VOLUME + volume_id not in there:
            raise BlockError(f"volume {volume_id}: not in volume group {self._group}")
        if SNAPSHOT + snapshot_id not in there:
            origin = self._full(VOLUME + volume_id)
            self._lvm("lvcreate", "-s", "-n", SNAPSHOT + snapshot_id, origin)

    def delete_snapshot(self, snapshot_id: str) -> None:
        """Remove the snapshot."""
        if SNAPSHOT + snapshot_id in self._volumes():
            self._remove(SNAPSHOT + snapshot_id)

    @property
    def can_snapshot_in_use(self) -> bool:
        """Always."""
        return True

    def device(self, volume_id: str) -> Path:
        """The block device, active."""
        self._lvm("lvchange", "-ay", "-K", self._full(VOLUME + volume_id))
        path = self._device(VOLUME + volume_id)
        if not path.is_block_device():
            raise BlockError(f"volume {volume_id}: {path} is no block device")
        return path

    def place(self, volume_id: str) -> Path:
        """The block device's path, there while it is active."""
        return self._device(VOLUME + volume_id)

    def snapshot_place(self, snapshot_id: str) -> Path:
        """The block device's path, which is there while somebody activates it."""
        return self._device(SNAPSHOT + snapshot_id)

    def volumes(self) -> Iterator[str]:
        """Ids, by the logical volumes' names."""
        return self._ids(VOLUME)

    def snapshots(self) -> Iterator[str]:
        """Ids, by the logical volumes' names."""
        return self._ids(SNAPSHOT)

    def capacity(self) -> Capacity:
        """The size of the thin pool, and what no volume has written to."""
        self._make_pool(self._volumes())
        pool = self._volumes()[POOL]
        free_bytes = int(pool.size_bytes * (100 - pool.used_percent) / 100)
        return Capacity(total_bytes=pool.size_bytes, free_bytes=free_bytes)

    def clear(self) -> None:
        """Remove the volumes and the snapshots, then the thin pool; the group stays."""
        ours = [name for name in self._volumes() if name.startswith("nbx-")]
        for name in sorted(ours, key=POOL.__eq__):
            self._remove(name)

    def _ids(self, prefix: str) -> Iterator[str]:
        for name in self._volumes():
            if name.startswith(prefix):
                yield name.removeprefix(prefix)

    def _full(self, name: str) -> str:
        return f"{self._group}/{name}"

    def _device(self, name: str) -> Path:
        return Path("/dev") / self._group / name

    def _volumes(self) -> dict[str, _Volume]:
        fields = "lv_name,lv_size,data_percent"
        text = self._lvm(
            "lvs", "--reportformat", "json", "--units", "b", "--nosuffix", "-o", fields,
            self._group,
        )  # fmt: skip
        return {
            row["lv_name"]: _Volume(
                size_bytes=int(row["lv_size"]), used_percent=float(row["data_percent"] or 0)
            )
            for row in json.loads(text)["report"][0]["lv"]
        }

    def _make_pool(self, there: dict[str, _Volume]) -> None:
        if POOL not in there:
            # a full pool refuses a write at once; by default it waits a minute for more room
            self._lvm(
                "lvcreate", "--type", "thin-pool", "-l", _SHARE, "--zero", "y",
                "--config", "activation/error_when_full=1", "-n", POOL, self._group,
            )  # fmt: skip

    def _make(self, name: str, size_bytes: int, *, there: dict[str, _Volume]) -> None:
        self._make_pool(there)
        self._lvm(
            "lvcreate", "--type", "thin", "-V", f"{size_bytes}b", "--thinpool", POOL,
            "-n", name, self._group,
        )  # fmt: skip

    def _grow(self, name: str, size_bytes: int) -> None:
        self._lvm("lvextend", "-L", f"{size_bytes}b", self._full(name))

    def _remove(self, name: str) -> None:
        self._lvm("lvremove", "-f", self._full(name))

    @contextmanager
    def _draft(self, volume_id: str, there: dict[str, _Volume]) -> Iterator[str]:
        """A name under which to make the volume: it gets its own when the block ends well."""
        draft = _DRAFT + volume_id
        if draft in there:
            self._remove(draft)
        try:
            yield draft
            self._lvm("lvrename", self._group, draft, VOLUME + volume_id)
        except BaseException:
            if draft in self._volumes():
                self._remove(draft)
            raise

    def _lvm(self, command: str, *arguments: str) -> str:
        try:
            yes = () if command == "lvs" else ("-y",)
            return program.run(("lvm", command, *yes, *arguments), env=_ENV)
        except BlockError as error:
            words = str(error).lower()
            if any(text in words for text in _FULL):
                raise NoSpace(str(error), tried=error.tried) from error
            if any(text in words for text in _IN_USE):
                raise Busy(str(error), tried=error.tried) from error
            raise


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDWR)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
