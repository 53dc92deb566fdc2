"""Ten minutes of random keys: each minute a fresh interface, counted whether it ends."""

import os
import random
import signal
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.tui import monkey

MINUTES: Final = 10.0
HUNG_S: Final = 180.0  # of a run of a minute: its loop goes round and comes to nothing


def measure() -> dict[str, float]:
    """`monkey_presses`, `monkey_minutes` and `monkey_crashes`; the seeds are printed."""
    presses, crashes, seed = 0, 0, random.randrange(1_000_000)
    began_s = time.monotonic()
    before = Path.cwd()
    signal.signal(signal.SIGALRM, _hung)
    with tempfile.TemporaryDirectory(prefix="nbx-monkey-") as folder:
        os.chdir(folder)
        while (left_s := 60 * MINUTES - (time.monotonic() - began_s)) > 0:
            signal.setitimer(signal.ITIMER_REAL, HUNG_S)
            try:
                presses += monkey.run(seed=seed, seconds=min(60.0, left_s)).presses
            except Exception as error:  # noqa: BLE001  # counting what ends it is what this is for
                crashes += 1
                print(f"seed {seed}: {type(error).__name__}: {error}", flush=True)
            signal.setitimer(signal.ITIMER_REAL, 0)
            seed += 1
        os.chdir(before)
    return {
        "monkey_presses": float(presses),
        "monkey_crashes": float(crashes),
        "monkey_minutes": (time.monotonic() - began_s) / 60,
    }


def _hung(*_: object) -> None:
    raise TimeoutError(f"it hangs: a minute's run took {HUNG_S:g} s")
