"""Images over HTTP: against Glance, and against what the disk, the sums and a socket cost alone.

Rounds of all sides take turns in one run, so that they meet the same load. Ours go into the object
store, Glance's into files; the floor of an upload is writing, syncing and summing the same bytes
from memory, that of a download is `cat` over a loopback socket.
"""

import contextlib
import hashlib
import http.client
import json
import os
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Protocol

import xxhash

from storage import blobs
from tests.bench import peers
from tests.bench.glance import Glance
from tests.system.image_processes import ImageProcesses

CHUNK: Final = os.urandom(1 << 20)
SIZE_MIB: Final = int(os.environ.get("BENCH_IMAGE_MIB", "1024"))
ROUNDS: Final = int(os.environ.get("BENCH_ROUNDS", "3"))
SMALL_REQUESTS: Final = 500
TOGETHER: Final = 8
TOGETHER_MIB: Final = 64


class Side(Protocol):
    """One of those that are compared."""

    port: int
    path: str
    headers: dict[str, str]
    pids: list[int]


def rows(figures: dict[str, float]) -> list[tuple[str, str, str, str, bool]]:
    """What, figure, what it is compared with, goal, and whether it is met."""
    found = []
    for what, says, goal in (
        ("up_cpu_s", "image upload, CPU a GiB", 1 / 2),
        ("down_cpu_s", "image download, CPU a GiB", 1),
        ("list_cpu_ms", "list of 20 images, CPU", 1 / 15),
        ("show_cpu_ms", "image shown, CPU", 1 / 15),
    ):
        ours, glance = figures[f"ours_{what}"], figures[f"glance_{what}"]
        unit = what.rpartition("_")[2]
        found.append(
            (says, f"{ours:.2f} {unit}", f"Glance {glance:.2f} {unit} (× {ours / glance:.2f})",
             f"≤ × {goal:.2f}", ours <= goal * glance)
        )  # fmt: skip
    for what, says, against, goal in (
        ("up", "image upload, 1 GiB", "write, fsync and three sums of the same bytes", 1.5),
        ("down", "image download, 1 GiB", "`cat` over a loopback socket", 1.3),
    ):
        ours, floor = figures[f"ours_{what}_s"], figures[f"floor_{what}_s"]
        glance = figures[f"glance_{what}_s"]
        found.append(
            (says, f"{ours:.2f} s",
             f"{against} {floor:.2f} s (× {ours / floor:.2f}); Glance {glance:.2f} s",
             f"≤ × {goal}", ours <= goal * floor)
        )  # fmt: skip
    grown, ratio = (
        figures["api_grown_mib"],
        figures["together_last_s"] / figures["together_first_s"],
    )
    return [
        *found,
        ("image of 1 GiB up and down, the API's memory", f"+ {grown:.0f} MiB", "-", "< 32 MiB",
         grown < 32),
        ("eight uploads at once: the last against the first", f"× {ratio:.2f}", "-", "≤ × 1.5",
         ratio <= 1.5),
    ]  # fmt: skip


class Ours:
    """The APIs, the object store and the image worker."""

    path: Final = "/image/v2"

    def __init__(self, home: Path) -> None:
        self.processes = ImageProcesses(home)
        self.port = self.processes.settings.api.port
        self.headers = {"X-Auth-Token": self.processes.token}

    @property
    def pids(self) -> list[int]:
        """The processes that serve."""
        return [one for pid in self.processes.pids().values() for one in peers.family(pid)]


def measure() -> dict[str, float]:
    """Medians: seconds and CPU seconds a GiB, CPU milliseconds a request, and their ratios."""
    with tempfile.TemporaryDirectory(prefix="nbx-bench-", dir="/var/tmp") as folder:
        home = Path(folder)
        (home / "ours").mkdir()
        glance, ours = Glance(home / "glance"), Ours(home / "ours")
        try:
            ours.processes.start()
            glance.start()
            figures = _small(ours, glance) | _large(ours, glance, home) | _together(ours)
            figures["pss_mib"] = peers.pss_mib(ours.pids)
            figures["glance_pss_mib"] = peers.pss_mib(glance.pids)
            return figures
        finally:
            ours.processes.close()
            glance.stop()


def _small(ours: Side, glance: Side) -> dict[str, float]:
    """Lists of twenty images, and one image shown."""
    figures = {}
    for name, side in (("ours", ours), ("glance", glance)):
        made = [_create(side) for _ in range(20)]
        for what, path in (("list", "/images?limit=20"), ("show", f"/images/{made[0]}")):
            with _connected(side) as ask:
                for _ in range(10):
                    ask("GET", path)
                cpu_s, began = peers.cpu_s(side.pids), time.perf_counter()
                for _ in range(SMALL_REQUESTS):
                    ask("GET", path)
                took_s = time.perf_counter() - began
            figures[f"{name}_{what}_cpu_ms"] = (
                (peers.cpu_s(side.pids) - cpu_s) / SMALL_REQUESTS * 1e3
            )
            figures[f"{name}_{what}_ms"] = took_s / SMALL_REQUESTS * 1e3
    return figures


def _large(ours: Ours, glance: Glance, home: Path) -> dict[str, float]:
    """One large image up and down, by every side in turn."""
    sample = home / "sample"
    runs: dict[str, list[float]] = {}
    cpu: dict[str, list[float]] = {}
    grown_mib = 0.0

    def took(name: str, seconds: float) -> None:
        runs.setdefault(name, []).append(seconds * 1024 / SIZE_MIB)

    def spent(name: str, pids: list[int], work: Callable[[], object]) -> None:
        before_s = peers.cpu_s(pids)
        took(name, _timed(work))
        cpu.setdefault(name, []).append((peers.cpu_s(pids) - before_s) * 1024 / SIZE_MIB)

    for _ in range(ROUNDS):
        sample.unlink(missing_ok=True)
        took("floor_up", _timed(lambda: _write(sample)))
        with _growth(ours.processes.pids()["api"]) as grown:
            mine = _create(ours)
            spent("ours_up", ours.pids, lambda mine=mine: _upload(ours, mine))
            took("floor_down", _timed(lambda: _cat(sample)))
            spent("ours_down", ours.pids, lambda mine=mine: _download(ours, mine))
        grown_mib = max(grown_mib, *grown)
        theirs = _create(glance)
        spent("glance_up", glance.pids, lambda theirs=theirs: _upload(glance, theirs))
        spent("glance_down", glance.pids, lambda theirs=theirs: _download(glance, theirs))
        for side, image_id in ((ours, mine), (glance, theirs)):
            with _connected(side) as ask:
                ask("DELETE", f"/images/{image_id}")
    return (
        {f"{name}_s": statistics.median(seconds) for name, seconds in runs.items()}
        | {f"{name}_cpu_s": statistics.median(seconds) for name, seconds in cpu.items()}
        | {"api_grown_mib": grown_mib, "rounds": ROUNDS, "size_mib": SIZE_MIB}
    )


def _together(ours: Side) -> dict[str, float]:
    """Uploads at once: how much longer the last one took than the first."""
    images = [_create(ours) for _ in range(TOGETHER)]
    with ThreadPoolExecutor(TOGETHER) as pool:
        times = list(pool.map(lambda one: _timed(lambda: _upload(ours, one, TOGETHER_MIB)), images))
    return {"together_first_s": min(times), "together_last_s": max(times)}


@contextlib.contextmanager
def _connected(side: Side) -> Iterator[Callable[..., Any]]:
    """Requests on one connection, which both sides keep."""
    connection = http.client.HTTPConnection("127.0.0.1", side.port, timeout=120)

    def ask(method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body)
        headers = side.headers | ({"Content-Type": "application/json"} if data else {})
        connection.request(method, side.path + path, data, headers)
        answer = connection.getresponse()
        said = answer.read()
        assert answer.status < 300, (method, path, answer.status, said)
        return json.loads(said) if said else None

    with contextlib.closing(connection):
        yield ask


def _create(side: Side) -> str:
    body = {"name": "disk", "disk_format": "raw", "container_format": "bare"}
    with _connected(side) as ask:
        return str(ask("POST", "/images", body)["id"])


def _upload(side: Side, image_id: str, size_mib: int = SIZE_MIB) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", side.port, timeout=300)
    with contextlib.closing(connection):
        connection.putrequest("PUT", f"{side.path}/images/{image_id}/file")
        for name, value in side.headers.items():
            connection.putheader(name, value)
        connection.putheader("Content-Type", "application/octet-stream")
        connection.putheader("Content-Length", str(size_mib << 20))
        connection.endheaders()
        for _ in range(size_mib):
            connection.send(CHUNK)
        answer = connection.getresponse()
        said = answer.read()
        assert answer.status == 204, (answer.status, said)


def _download(side: Side, image_id: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", side.port, timeout=300)
    with contextlib.closing(connection):
        connection.request("GET", f"{side.path}/images/{image_id}/file", headers=side.headers)
        answer = connection.getresponse()
        assert answer.status == 200, answer.status
        assert _drained(answer.readinto) == SIZE_MIB << 20


def _drained(read: Callable[[memoryview], int]) -> int:
    buffer, total = memoryview(bytearray(1 << 20)), 0
    while count := read(buffer):
        total += count
    return total


def _write(path: Path) -> None:
    """The same bytes on the disk for good, and their three sums."""
    sums = (hashlib.md5(usedforsecurity=False), hashlib.sha512(), xxhash.xxh3_128())
    with path.open("wb", buffering=0) as file:
        for _ in range(SIZE_MIB):
            blobs.write_all(file.fileno(), CHUNK)
            for each in sums:
                each.update(CHUNK)
        os.fsync(file.fileno())


def _cat(path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        reader = socket.create_connection(server.getsockname())
        writer, _ = server.accept()
        with reader, subprocess.Popen(["cat", str(path)], stdout=writer):
            writer.close()
            assert _drained(reader.recv_into) == SIZE_MIB << 20


@contextlib.contextmanager
def _growth(pid: int) -> Iterator[list[float]]:
    """By how much a process was larger than at the beginning, in MiB, twenty times a second."""
    before_mib, grown, is_over = peers.rss_mib(pid), [0.0], threading.Event()

    def watch() -> None:
        while not is_over.wait(0.05):
            grown.append(peers.rss_mib(pid) - before_mib)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield grown
    finally:
        is_over.set()
        watcher.join()


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
