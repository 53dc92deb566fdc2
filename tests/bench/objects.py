"""The object store over HTTP beside OpenStack Swift, on the same disk, in turns.

A round of every kind is done by both, one after the other, so that they meet the same load; figures
are medians of the rounds, and the ratios those of the medians. CPU is that of all processes of a
side, read from /proc: on a machine that others use too it is the steady figure. Both sync what they
acknowledge. The floor of a large PUT is its bytes written, synced and hashed (md5) by one loop.
"""

import hashlib
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from appliance import processes
from storage.objects.object_file import ObjectRecord
from storage.objects.store import ObjectStore
from tests.bench import load, swift_peer
from tests.system.object_process import ObjectProcess

SMALL: Final = os.urandom(4096)
PAGE: Final = 1000
LISTINGS: Final = 10  # pages of one round
CLIENTS: Final = (1, 8, 32)
MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How long to measure: rounds of each kind, seconds of small requests in one, what is large."""

    rounds: int = 5
    seconds: float = 2.0
    large_mib: tuple[int, ...] = (64, 1024)
    listed: tuple[int, ...] = (100_000, 1_000_000)


@dataclass(slots=True, kw_only=True)
class Side:
    """One of the two, and what was measured of it: name → a figure a round."""

    name: str
    address: tuple[str, int]
    path: str
    token: str
    pids: Callable[[], list[int]]
    took: dict[str, list[float]] = field(default_factory=dict)

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """One request of this side's user."""
        return load.request(method, self.path + path, body, X_Auth_Token=self.token)

    def ask(self, method: str, path: str) -> None:
        """Send one request and wait for its success."""
        load.closed_loop(self.address, iter([self.request(method, path)]), clients=1)

    def cpu_s(self) -> float:
        """CPU that its processes have used so far."""
        costs = (processes.cost(self.name, pid) for pid in self.pids())
        return sum(cost.cpu_s for cost in costs if cost)

    def pss_mib(self) -> float:
        """Memory of its processes now; what they share is counted once."""
        costs = (processes.cost(self.name, pid) for pid in self.pids())
        return sum(cost.pss_kib for cost in costs if cost) / 1024

    def note(self, **figures: float) -> None:
        """Keep the figures of one round."""
        for name, figure in figures.items():
            self.took.setdefault(name, []).append(figure)

    def medians(self) -> dict[str, float]:
        """The median of each figure."""
        return {name: statistics.median(figures) for name, figures in self.took.items()}


def measure(options: Options | None = None) -> dict[str, float]:
    """Medians of both sides, `ours_…` and `swift_…`, and of the `floor_…`."""
    asked = options or Options()
    with (
        tempfile.TemporaryDirectory(prefix="nbx-bench-", dir="/var/tmp") as folder,
        tempfile.TemporaryDirectory(prefix="nbx-bench-swift-", dir="/var/tmp") as swift_folder,
        swift_peer.running(Path(swift_folder)) as peer,
    ):
        process = ObjectProcess(Path(folder))
        _fill(Path(folder) / "objects", process.account, asked.listed)
        process.start()
        try:
            ours = Side(
                name="ours", address=("127.0.0.1", process.port), path=f"/v1/{process.account}",
                token=process.token, pids=lambda: [process.pid],
            )  # fmt: skip
            swift = Side(
                name="swift", address=peer.address, path=peer.path, token=peer.token,
                pids=lambda: peer.pids,
            )  # fmt: skip
            for count in asked.listed:
                swift.ask("PUT", f"/listed{count}")
                swift.ask("HEAD", f"/listed{count}")
                peer.fill(f"listed{count}", count)
            return _measure((ours, swift), asked, Path(folder))
        finally:
            process.stop()


def _measure(sides: tuple[Side, Side], asked: Options, folder: Path) -> dict[str, float]:
    floor: dict[str, list[float]] = {}
    for side in sides:
        side.ask("PUT", "/c")
        idle_mib = side.pss_mib()
        _puts(side, "warm", 8, seconds=1.0)
        side.took.clear()
        side.note(idle_pss_mib=idle_mib)
    for number in range(asked.rounds):
        for clients, side in itertools.product(CLIENTS, sides):
            _small(side, clients, number, seconds=asked.seconds)
        for count, side in itertools.product(asked.listed, sides):
            _pages(side, count, number)
        for size_mib in asked.large_mib:
            data = os.urandom(MIB) * size_mib
            etag = hashlib.md5(data, usedforsecurity=False).hexdigest()
            _floor(folder, data)  # a guest's host gives it memory at first touch: nobody's figure
            for side in sides:
                _large(side, data, etag)
            for name, figure in zip(("mib_s", "cpu_s"), _floor(folder, data), strict=True):
                floor.setdefault(f"{size_mib}_{name}", []).append(figure)
    for side in sides:
        side.note(pss_mib=side.pss_mib())
    figures = {f"{s.name}_{name}": value for s in sides for name, value in s.medians().items()}
    return figures | {f"floor_{name}": statistics.median(v) for name, v in floor.items()}


def _small(side: Side, clients: int, number: int, *, seconds: float) -> None:
    """PUTs of new names for so long, then GETs of the same, each by so many clients at once."""
    name = f"{clients}-{number}"
    count = _puts(side, name, clients, seconds=seconds)
    gets = (side.request("GET", f"/c/{name}-{n % count}") for n in itertools.count())
    _timed(side, f"get_{clients}", gets, clients=clients, seconds=seconds)


def _puts(side: Side, name: str, clients: int, *, seconds: float) -> int:
    """PUTs of new names for so long; how many."""
    puts = (side.request("PUT", f"/c/{name}-{n}", SMALL) for n in itertools.count())
    return _timed(side, f"put_{clients}", puts, clients=clients, seconds=seconds)


def _timed(side: Side, key: str, requests: Iterator[bytes], *, clients: int, seconds: float) -> int:
    """Send requests for so long, and note how many a second, and what each cost; how many."""
    count, until = 0, time.perf_counter() + seconds

    def counted() -> Iterator[bytes]:
        nonlocal count
        while time.perf_counter() < until:
            count += 1
            yield next(requests)

    before_s = side.cpu_s()
    took_s = load.closed_loop(side.address, counted(), clients=clients)
    cpu_ms = 1e3 * (side.cpu_s() - before_s) / count
    side.note(**{f"{key}_ops_s": count / took_s, f"{key}_cpu_ms": cpu_ms})
    return count


def _pages(side: Side, count: int, number: int) -> None:
    """Pages of a thousand names from all over a container."""
    marks = [f"o{(count * n // LISTINGS + number):08d}" for n in range(LISTINGS)]
    queries = (f"/listed{count}?format=json&limit={PAGE}&marker={mark}" for mark in marks)
    requests = (side.request("GET", query) for query in queries)
    before_s = side.cpu_s()
    took_s = load.closed_loop(side.address, requests, clients=1)
    side.note(**{f"list_{count}_ms": 1e3 * took_s / LISTINGS})
    side.note(**{f"list_{count}_cpu_ms": 1e3 * (side.cpu_s() - before_s) / LISTINGS})


def _large(side: Side, data: bytes, etag: str) -> None:
    """One PUT, and one GET that is checked in a second reading."""
    size_mib, path = len(data) // MIB, f"{side.path}/c/large"
    per_gib = 1024 / size_mib
    before_s = side.cpu_s()
    put_s = load.put_large(side.address, path, data, token=side.token)
    between_s = side.cpu_s()
    get_s = load.get_large(side.address, path, token=side.token)
    after_s = side.cpu_s()
    load.get_large(side.address, path, token=side.token, etag=etag)
    side.ask("DELETE", "/c/large")
    side.note(**{
        f"put_{size_mib}_mib_s": size_mib / put_s, f"get_{size_mib}_mib_s": size_mib / get_s,
        f"put_{size_mib}_cpu_s": per_gib * (between_s - before_s),
        f"get_{size_mib}_cpu_s": per_gib * (after_s - between_s),
    })  # fmt: skip


def _floor(folder: Path, data: bytes) -> tuple[float, float]:
    """What writing, syncing and hashing the same bytes comes to, without a store: MiB/s, CPU."""
    path, digest = folder / "floor", hashlib.md5(usedforsecurity=False)
    view, size_mib = memoryview(data), len(data) / MIB
    began, before_s = time.perf_counter(), time.process_time()
    with path.open("wb", buffering=0) as file:
        for start in range(0, len(data), MIB):
            piece = view[start : start + MIB]
            digest.update(piece)
            file.write(piece)
        os.fsync(file.fileno())
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - before_s
    path.unlink()
    return size_mib / took_s, 1024 * cpu_s / size_mib


def _fill(root: Path, account: str, counts: tuple[int, ...]) -> None:
    """Make containers with so many rows, as the store would in hours."""
    with ObjectStore(root) as store:
        for count in counts:
            store.put_container(account, f"listed{count}")
            rows = (
                ObjectRecord(
                    name=f"o{n:08d}", written=n + 1, timestamp=n + 1, size_bytes=len(SMALL),
                    etag="0" * 32, xxh3="", content_type="application/octet-stream",
                )
                for n in range(count)
            )  # fmt: skip
            store.catalog.restore(account, f"listed{count}", records=rows)
