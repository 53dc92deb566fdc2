"""Ten minutes of random keys: each minute a fresh interface, counted whether it ends."""

import os
import random
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.tui import monkey

MINUTES: Final = 10.0


def measure() -> dict[str, float]:
    """`monkey_presses`, `monkey_minutes` and `monkey_crashes`; the seeds are printed."""
    presses, crashes, seed = 0, 0, random.randrange(1_000_000)
    began_s = time.monotonic()
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="nbx-monkey-") as folder:
        os.chdir(folder)
        while (left_s := 60 * MINUTES - (time.monotonic() - began_s)) > 0:
            try:
                presses += monkey.run(seed=seed, seconds=min(60.0, left_s)).presses
            except Exception as error:  # noqa: BLE001  # counting what ends it is what this is for
                crashes += 1
                print(f"seed {seed}: {type(error).__name__}: {error}", flush=True)
            seed += 1
        os.chdir(before)
    return {
        "monkey_presses": float(presses),
        "monkey_crashes": float(crashes),
        "monkey_minutes": (time.monotonic() - began_s) / 60,
    }
