"""A supervisor over stand-ins: real processes that only tell when they start and stop."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.cloud import eventually

NAMES: Final = ("object", "api", "image")
DEADLINE_S: Final = 30.0
RUN: Final = (
    "from appliance import config, supervisor as s; s._STOP_S = 2.0; "
    f"s.Supervisor(config.load(), {NAMES}).run()"
)
STAND_IN: Final = """
import os, signal, sys

def tell(word):
    with open(os.environ["NOVABOX_HOME"] + "/told", "a") as file:
        file.write(f"{__spec__.name.removeprefix('services.')} {word}\\n")

def stop(*_):
    tell("stopped")
    sys.exit(0)

signal.signal(signal.SIGTERM, stop)
print(f"{__spec__.name} starts", flush=True)
tell("started")
while True:
    signal.pause()
"""


@contextlib.contextmanager
def stand_ins(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A supervisor whose children all run; `python -m services.X` finds the stand-ins first."""
    folder = home / "stand-ins"
    (folder / "services").mkdir(parents=True)
    for name in ("__init__", *NAMES):
        (folder / "services" / f"{name}.py").write_text("" if name == "__init__" else STAND_IN)
    with subprocess.Popen(
        [sys.executable, "-c", RUN], cwd=folder, env=os.environ | {"NOVABOX_HOME": str(home)}
    ) as child:
        try:
            eventually(
                lambda: len(told(home)) == len(NAMES), timeout_s=DEADLINE_S, what="all started"
            )
            yield child
        finally:
            child.kill()


def told(home: Path) -> list[str]:
    """What the stand-ins told so far."""
    path = home / "told"
    return path.read_text().splitlines() if path.exists() else []
