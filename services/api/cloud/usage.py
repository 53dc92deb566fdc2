"""What guests use just now: CPU, memory, disks and taps, as rates between two looks.

Hosts are asked while somebody listens for it, and only then: see `Teller`.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from appliance import errors, inquiry
from appliance.db import connection, hosts, instances
from services.api.cloud import listener
from services.api.cloud.listener import Item, Listener
from services.api.cloud.seen import Json, Seen

KIND: Final = "usage"
EVERY_S: Final = 2.0
_FIRST_S: Final = 0.5  # from the first look to the first rates
_STALE_S: Final = 10.0  # counters that are older make no rate of now


@dataclass(frozen=True, slots=True)
class _Before:
    """A guest's counters at the last look."""

    at_s: float
    counters: Json


class Meter:
    """Looks at all guests; remembers the last look. For one thread."""

    def __init__(
        self, run_dir: Path, db: connection.Reader, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._run_dir = run_dir
        self._db = db
        self._now = now
        self._before: dict[str, _Before] = {}
        self._projects: dict[str, str] = {}

    def look(self) -> list[Seen]:
        """What each guest that is on used since the last look; nothing of one that is new."""
        now: dict[str, _Before] = {}
        for host in hosts.all_hosts(self._db):
            try:
                found = inquiry.ask(self._run_dir, f"compute.{host.name}", "usage")
            except errors.Unavailable:
                continue
            at_s = self._now()
            now |= {key: _Before(at_s, counters) for key, counters in found.items()}
        before, self._before = self._before, now
        return [
            seen
            for key, look in now.items()
            if key in before and (seen := self._seen(key, before[key], look))
        ]

    def _seen(self, key: str, before: _Before, now: _Before) -> Seen | None:
        elapsed_s = now.at_s - before.at_s
        is_same = before.counters["cpu_time_ns"] <= now.counters["cpu_time_ns"]
        if not (0 < elapsed_s <= _STALE_S and is_same):
            return None
        project_id = self._project(key)
        if project_id is None:
            return None
        view = {"id": key, "instance_id": key, **_rates(before.counters, now.counters, elapsed_s)}
        return Seen(kind=KIND, id=key, view=view, project_id=project_id)

    def _project(self, key: str) -> str | None:
        if key not in self._projects:
            try:
                self._projects[key] = instances.get(self._db, key).project_id
            except errors.NotFound:
                return None
        return self._projects[key]


def _rates(before: Json, now: Json, elapsed_s: float) -> Json:
    """Percent of the guest's own processors; bytes a second."""

    def rate(part: str, name: str) -> int:
        was, is_now = (sum(one[name] for one in counters[part]) for counters in (before, now))
        return max(int((is_now - was) / elapsed_s), 0)

    spent_s = (now["cpu_time_ns"] - before["cpu_time_ns"]) / 1e9
    vcpus = max(len(now["vcpu_times_ns"]), 1)
    return {
        "cpu_percent": round(min(100 * spent_s / elapsed_s / vcpus, 100.0), 1),
        "memory_mib": now["memory_kib"] >> 10,
        "rss_mib": now["rss_kib"] >> 10,
        "disk_read_bytes_s": rate("disks", "read_bytes"),
        "disk_write_bytes_s": rate("disks", "write_bytes"),
        "rx_bytes_s": rate("nics", "rx_bytes"),
        "tx_bytes_s": rate("nics", "tx_bytes"),
        "nics": _by_tap(before, now, elapsed_s),
    }


def _by_tap(before: Json, now: Json, elapsed_s: float) -> list[Json]:
    was = {one["tap"]: one for one in before["nics"]}

    def rate(nic: Json, name: str) -> int:
        return max(int((nic[name] - was[nic["tap"]][name]) / elapsed_s), 0)

    return [
        {
            "tap": nic["tap"],
            "rx_bytes_s": rate(nic, "rx_bytes"),
            "tx_bytes_s": rate(nic, "tx_bytes"),
        }
        for nic in now["nics"]
        if nic["tap"] in was
    ]


class Teller:
    """A thread that looks and tells while a listener wants it, and sleeps for nothing otherwise."""

    def __init__(
        self,
        meter: Meter,
        *,
        listeners: Callable[[], Sequence[Listener]],
        revision: Callable[[], int],
    ) -> None:
        self._meter = meter
        self._listeners = listeners
        self._revision = revision
        self._woken = threading.Event()
        self._is_closed = threading.Event()
        self._told: dict[str, Seen] = {}

    def start(self) -> None:
        """Begin, in a thread that ends with the process."""
        threading.Thread(target=self._run, name="usage", daemon=True).start()

    def wake(self) -> None:
        """Somebody who may want it listens now."""
        self._woken.set()

    def close(self) -> None:
        """End at once."""
        self._is_closed.set()
        self._woken.set()

    def known(self, one: Listener) -> list[Any]:
        """What was told last, of what this listener may see."""
        return [seen.view for seen in tuple(self._told.values()) if seen.is_for(one.ctx)]

    def _run(self) -> None:
        while not self._is_closed.is_set():
            self._woken.wait()
            self._woken.clear()
            pause_s = _FIRST_S
            while self._wanting() and not self._is_closed.is_set():
                self._tell({seen.id: seen for seen in self._meter.look()})
                self._is_closed.wait(pause_s)
                pause_s = EVERY_S
            self._told = {}

    def _wanting(self) -> list[Listener]:
        return [one for one in self._listeners() if KIND in one.wanted.kinds]

    def _tell(self, now: dict[str, Seen]) -> None:
        before, self._told = self._told, now
        for key in before.keys() | now.keys():
            seen = now.get(key) or before[key]
            if key in before and key in now and before[key].view == seen.view:
                continue
            make = self._upsert if key in now else self._delete
            item = Item(data=make(seen))
            for one in self._wanting():
                if seen.is_for(one.ctx):
                    one.tell(item)

    def _upsert(self, seen: Seen) -> bytes:
        return listener.upsert(KIND, seen.id, seen.view, revision=self._revision())

    def _delete(self, seen: Seen) -> bytes:
        return listener.delete(KIND, seen.id, revision=self._revision())
