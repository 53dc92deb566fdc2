"""The supervisor over stand-ins: real processes that only tell when they start and stop."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import config, errors, processes, supervisor
from tests.cloud import eventually

NAMES = ("object", "api", "image")
DEADLINE_S = 30.0
RUN = f"from appliance import config, supervisor as s; s.Supervisor(config.load(), {NAMES}).run()"
STAND_IN = """
import os, signal, sys

def tell(word):
    with open(os.environ["NOVABOX_HOME"] + "/told", "a") as file:
        file.write(f"{__spec__.name.removeprefix('services.')} {word}\\n")

def stop(*_):
    tell("stopped")
    sys.exit(0)

signal.signal(signal.SIGTERM, stop)
tell("started")
while True:
    signal.pause()
"""

pytestmark = pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is missing")


@pytest.fixture
def process(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A supervisor whose children all run; `python -m services.X` finds the stand-ins first."""
    folder = home / "stand-ins"
    (folder / "services").mkdir(parents=True)
    for name in ("__init__", *NAMES):
        (folder / "services" / f"{name}.py").write_text("" if name == "__init__" else STAND_IN)
    with subprocess.Popen(
        [sys.executable, "-c", RUN], cwd=folder, env=os.environ | {"NOVABOX_HOME": str(home)}
    ) as child:
        eventually(lambda: len(told(home)) == len(NAMES), timeout_s=DEADLINE_S, what="all started")
        yield child
        child.kill()


def told(home: Path) -> list[str]:
    path = home / "told"
    return path.read_text().splitlines() if path.exists() else []


def children(settings: config.Settings) -> dict[str, int]:
    running = supervisor.find(settings)
    assert running is not None
    return running.children


def test_what_dies_is_started_again_and_nothing_else(
    settings: config.Settings, process: subprocess.Popen[bytes]
) -> None:
    before = children(settings)
    os.kill(before["api"], signal.SIGKILL)
    eventually(
        lambda: told(settings.home).count("api started") == 2, timeout_s=DEADLINE_S, what="again"
    )
    after = children(settings)

    assert set(after) == set(NAMES)
    assert {name for name in NAMES if before[name] != after[name]} == {"api"}


def test_stop_ends_workers_first_and_leaves_nothing_running(
    settings: config.Settings, process: subprocess.Popen[bytes]
) -> None:
    pids = children(settings).values()

    assert supervisor.stop(settings, timeout_s=DEADLINE_S)
    assert process.wait(DEADLINE_S) == 0
    stopped = [line.split()[0] for line in told(settings.home) if line.endswith("stopped")]
    assert (stopped[0], set(stopped)) == ("image", set(NAMES))
    assert not any(processes.is_alive(pid) for pid in pids)
    assert supervisor.find(settings) is None
    assert not supervisor.stop(settings)


def test_a_cloud_that_is_up_is_not_started_twice(
    settings: config.Settings, process: subprocess.Popen[bytes]
) -> None:
    with pytest.raises(errors.Conflict, match="is up already"):
        supervisor.Supervisor(settings, NAMES).run()


def test_a_killed_supervisor_takes_its_children_along(
    settings: config.Settings, process: subprocess.Popen[bytes]
) -> None:
    process.kill()
    eventually(
        lambda: {f"{name} stopped" for name in NAMES} <= set(told(settings.home)),
        timeout_s=DEADLINE_S, what="stopped by the kernel's SIGTERM",
    )  # fmt: skip

    assert supervisor.find(settings) is None
