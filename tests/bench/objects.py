"""The object store over HTTP, against what the disk and the etag cost without it.

Rounds of both sides take turns in one run, so that they meet the same load. The floor of a small
PUT is its three waits for the disk: the bytes, their name, the row; that of a large one is md5.
"""

import contextlib
import hashlib
import http.client
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from storage import blobs
from tests.system.object_process import ObjectProcess

SMALL = os.urandom(4096)
LARGE = os.urandom(64 << 20)
ROUNDS = 200
LARGE_ROUNDS = 5


def measure() -> dict[str, float]:
    """Medians: milliseconds of small requests, MiB a second of large ones."""
    with tempfile.TemporaryDirectory(prefix="nbx-bench-", dir="/var/tmp") as folder:
        process = ObjectProcess(Path(folder))
        process.start()
        try:
            process.request("PUT", "/c")
            return _measure(process, Path(folder))
        finally:
            process.stop()


def _measure(process: ObjectProcess, folder: Path) -> dict[str, float]:
    client = http.client.HTTPConnection("127.0.0.1", process.port)
    with contextlib.closing(client), _floor(folder) as floor:
        times: dict[str, list[float]] = {"floor": [], "put": [], "get": [], "md5": []}
        for number in range(ROUNDS):
            times["floor"].append(_timed(lambda number=number: floor(number)))
            times["put"].append(_timed(lambda: _ask(process, client, "PUT", SMALL)))
            times["get"].append(_timed(lambda: _ask(process, client, "GET")))
        small = {
            f"{name}_ms": statistics.median(times[name]) * 1e3 for name in times if times[name]
        }
        times = {"md5": [], "put": [], "get": []}
        for _ in range(LARGE_ROUNDS):
            times["md5"].append(_timed(lambda: hashlib.md5(LARGE, usedforsecurity=False)))
            times["put"].append(_timed(lambda: _ask(process, client, "PUT", LARGE)))
            times["get"].append(_timed(lambda: _ask(process, client, "GET")))
    size_mib = len(LARGE) >> 20
    large = {f"{name}_mib_s": size_mib / statistics.median(took) for name, took in times.items()}
    return small | large


def _ask(
    process: ObjectProcess,
    client: http.client.HTTPConnection,
    method: str,
    data: bytes | None = None,
) -> None:
    headers = {"X-Auth-Token": process.token}
    client.request(method, f"/v1/{process.account}/c/o", body=data, headers=headers)
    answer = client.getresponse()
    answer.read()
    assert answer.status in {200, 201}


@contextlib.contextmanager
def _floor(folder: Path) -> Iterator[Callable[[int], None]]:
    """A function that makes one small file and one row durable, and nothing else."""
    with contextlib.closing(sqlite3.connect(folder / "floor.db", isolation_level=None)) as db:
        db.executescript("PRAGMA journal_mode = WAL; CREATE TABLE t (name TEXT PRIMARY KEY)")
        db.execute("PRAGMA synchronous = FULL")

        def work(number: int) -> None:
            with blobs.Draft(folder) as draft:
                draft.write(SMALL)
                draft.publish(folder / str(number))
            db.execute("INSERT INTO t VALUES (?)", (str(number),))

        yield work


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
