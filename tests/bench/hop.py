"""The queue hop: from `ring` to the first line of the step, against huey's own polling.

All three in one run: ours (bell), stock huey (its default polling, after half a second of quiet),
and the floor: two SQLite commits with `synchronous=FULL` on the same disk, which is what keeping a
message and taking it cost without any process in between.
"""

import contextlib
import multiprocessing
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import huey

from appliance import config, context, queue

ROUNDS = 60
QUIET_S = 0.1  # between two rings: the worker sleeps again
STOCK_ROUNDS = 12


def _bell_worker(home: Path, sender: Any) -> None:
    settings = config.parse({}, home=home)

    def note(sent: str) -> None:
        sender.send(time.monotonic() - float(sent))

    queue.Queue(settings).work("bench", {"note": note}, sweep=list, beat=lambda: None)


def _stock_worker(home: Path, sender: Any) -> None:
    stock = huey.SqliteHuey(filename=str(home / "stock.db"), fsync=True)

    @stock.task(name="note")  # type: ignore[misc]  # huey is untyped
    def note(sent: float) -> None:
        sender.send(time.monotonic() - sent)

    stock.create_consumer(workers=1).run()


@contextlib.contextmanager
def _process(target: Any, home: Path) -> Iterator[Any]:
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=target, args=(home, sender))
    process.start()
    try:
        yield receiver
    finally:
        process.kill()
        process.join()


def floor_ms(home: Path) -> float:
    """Median of two fsynced SQLite commits, in milliseconds."""
    db = sqlite3.connect(home / "floor.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE m (id INTEGER PRIMARY KEY, data BLOB)")
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        db.execute("INSERT INTO m (data) VALUES (?)", (b"x" * 300,))
        db.execute("DELETE FROM m")
        took.append(time.perf_counter() - began)
    return 1000 * statistics.median(took)


def measure() -> dict[str, float]:
    """Medians in milliseconds: `bell`, `bell_p90`, `stock`, `floor`."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("NOVABOX_BENCH_DIR", "/var/tmp")) as folder:
        home = Path(folder)
        bell = _bell(home)
        return {
            "bell_ms": 1000 * statistics.median(bell),
            "bell_p90_ms": 1000 * sorted(bell)[int(0.9 * len(bell))],
            "stock_ms": 1000 * statistics.median(_stock(home)),
            "floor_ms": floor_ms(home),
        }


def _bell(home: Path) -> list[float]:
    context.current.set(context.RequestContext())
    topics = queue.Queue(config.parse({}, home=home))
    with _process(_bell_worker, home) as receiver:
        topics.ring("bench", "note", repr(time.monotonic()))
        receiver.recv()  # the worker is up
        took = []
        for _ in range(ROUNDS):
            time.sleep(QUIET_S)
            topics.ring("bench", "note", repr(time.monotonic()))
            took.append(receiver.recv())
    return took


def _stock(home: Path) -> list[float]:
    stock = huey.SqliteHuey(filename=str(home / "stock.db"), fsync=True)
    note = stock.task(name="note")(lambda sent: None)
    with _process(_stock_worker, home) as receiver:
        note(time.monotonic())
        receiver.recv()
        took = []
        for _ in range(STOCK_ROUNDS):
            time.sleep(5 * QUIET_S)
            note(time.monotonic())
            took.append(receiver.recv())
    return took
