"""What anybody may ask of a compute host's worker at once: what guests are made of, and have used.

It looks and changes nothing. Paths are told relative to the cloud's folder.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from appliance import config, inquiry, processes
from appliance.db import connection, instances
from appliance.model.instance import Instance
from services.compute.driver import ComputeDriver
from services.compute.folders import Folders
from services.compute.guest import Guest
from storage.images import qcow2

Json = dict[str, Any]


def answers(
    settings: config.Settings, db: connection.Reader, driver: ComputeDriver, folders: Folders
) -> inquiry.Answers:
    """Question to function."""
    looks = _Looks(settings, db, driver, folders)
    return {"guests": looks.guests, "usage": looks.usage}


class _Looks:
    def __init__(
        self,
        settings: config.Settings,
        db: connection.Reader,
        driver: ComputeDriver,
        folders: Folders,
    ) -> None:
        self._settings = settings
        self._db = db
        self._driver = driver
        self._folders = folders

    def guests(self, instance_id: str) -> Json:
        """One guest, or all that rows want here; and what no row wants, by instance id."""
        rows = instances.on_host(self._db, self._settings.host)
        wanted = [row for row in rows if instance_id in ("", row.id)]
        there = set(self._driver.guests()) | self._folders.kept()
        return {
            "guests": {row.id: self._guest(row) for row in wanted},
            "strays": sorted(there - {row.id for row in rows}),
            "cached": self._cached(),
        }

    def usage(self, instance_id: str) -> Json:
        """Counters of one guest, or of all; those that are off have none."""
        found = self._driver.usage()
        return {key: asdict(one) for key, one in found.items() if instance_id in ("", key)}

    def _guest(self, row: Instance) -> Json:
        guest = self._driver.guest(row.id)
        return {
            "domain": self._domain(guest) if guest else None,
            "disk": self._disk(row, guest),
            "config_drive": self._file(self._folders.config_drive(row.id)),
            "console_log": self._file(self._folders.console_log(row.id)),
        }

    def _domain(self, guest: Guest) -> Json:
        cost = processes.cost("", guest.pid) if guest.pid else None
        return {
            "state": guest.state.name.lower(),
            "vcpus": guest.vcpus,
            "memory_mib": guest.memory_mib,
            "pid": guest.pid,
            "has_processes": self._settings.compute.driver != "fake",
            "pss_kib": cost.pss_kib if cost else None,
            "disks": [self._short(path) for path in guest.disks],
            "mac_by_tap": dict(guest.mac_by_tap),
            "volumes": sorted(guest.volumes),
        }

    def _disk(self, row: Instance, guest: Guest | None) -> Json | None:
        """The root disk, and the cached image that it is laid over; None when it has none."""
        if row.image_id is None:
            return None
        path, base = self._folders.disk(row.id), self._folders.images / row.image_id
        backing = _backing(path, guest)
        return {
            "file": self._file(path),
            "base": self._file(base),
            "backing": self._short(backing) if backing else None,
            "is_backing_known": backing is not None,
            "is_backing_right": backing == base,
        }

    def _file(self, path: Path) -> Json:
        try:
            stat = path.stat()
        except OSError:
            return {"path": self._short(path), "is_there": False, "used_bytes": 0}
        used = stat.st_blocks * 512
        return {"path": self._short(path), "is_there": True, "used_bytes": used}

    def _cached(self) -> Json:
        """Size by id of every whole image in the cache."""
        if not self._folders.images.exists():
            return {}
        return {
            path.name: path.stat().st_size
            for path in self._folders.images.iterdir()
            if "." not in path.name
        }

    def _short(self, path: Path) -> str:
        home = self._settings.home
        return str(path.relative_to(home)) if path.is_relative_to(home) else str(path)


def _backing(path: Path, guest: Guest | None) -> Path | None:
    """What the disk says it is laid over; while QEMU's user owns it, what the hypervisor says."""
    try:
        with path.open("rb") as disk:
            name = qcow2.backing_file(disk)
    except (OSError, ValueError):
        return guest.backing_by_disk.get(path) if guest else None
    return Path(name) if name else None
