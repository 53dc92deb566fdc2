"""Copies of a process: real ones, of an interpreter that does what the supervisor does."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from appliance import supervisor

TELLS = """
import os, signal, sys
def tell(name, value): print(name, value, flush=True)
tell("argv", sys.argv)
tell("module", __name__)
tell("environment", dict(os.environ))
tell("files", sorted(os.readlink(f"/proc/self/fd/{fd}") for fd in range(3)))
tell("others", [fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{fd}")])
tell("name", open("/proc/self/comm").read().strip())
tell("leads", os.getpgid(0) == os.getpid())
tell("blocked", sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())))
tell("TERM", signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)
tell("CHLD", signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL)
sys.exit(7)
"""
STARTS = """
import os, signal, sys
from appliance import copies
signal.signal(signal.SIGTERM, lambda *_: None)
signal.signal(signal.SIGCHLD, lambda *_: None)
kept = open("kept", "w")
with open("log", "wb") as output:
    copy = copies.start("told", "nbx-told", environment={"ONLY": "this"}, output=output)
copy.join()
print(copy.exitcode, signal.getsignal(signal.SIGTERM) != signal.SIG_DFL)
"""
WEIGHS = """
from pathlib import Path
import appliance.worker
lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
print(sum(int(line.split()[1]) for line in lines if line.startswith("Private_")))
"""


def run(folder: Path, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=folder, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return done.stdout


def test_a_copy_begins_like_a_program_that_was_just_started(tmp_path: Path) -> None:
    (tmp_path / "told.py").write_text(TELLS)

    assert run(tmp_path, STARTS).split() == ["7", "True"]
    log = tmp_path / "log"
    told = dict(line.split(" ", 1) for line in log.read_text().splitlines())
    assert told == {
        "argv": str([str(tmp_path / "told.py")]),
        "module": "__main__",
        "environment": "{'ONLY': 'this'}",
        "files": str(sorted(["/dev/null", str(log), str(log)])),
        "others": "[]",
        "name": "nbx-told",
        "leads": "True",
        "blocked": "[]",
        "TERM": "True",
        "CHLD": "True",
    }


def test_what_fails_in_a_copy_is_in_its_log_and_in_its_status(tmp_path: Path) -> None:
    (tmp_path / "told.py").write_text("raise ValueError('nothing to tell')")

    assert run(tmp_path, STARTS).split() == ["1", "True"]
    assert "ValueError: nothing to tell" in (tmp_path / "log").read_text()


def test_a_copy_needs_little_memory_of_its_own_for_what_is_shared(tmp_path: Path) -> None:
    """3.5 MiB against 15, when it was measured."""
    (tmp_path / "told.py").write_text(WEIGHS)
    alone = int(run(tmp_path, "import runpy; runpy.run_module('told')"))
    shared = STARTS.replace("kept =", "copies.share(['appliance.worker']); kept =")
    run(tmp_path, shared.replace("print(", "assert copy.exitcode == 0, ("))

    assert int((tmp_path / "log").read_text()) < alone / 2


def test_nothing_that_is_shared_starts_a_thread_or_opens_a_file_or_touches_the_host(
    tmp_path: Path,
) -> None:
    """A thread would be lost in the copies, and a database's file broken by two of them."""
    look = f"""
        import os, sys, threading
        from appliance import copies
        before = set(os.listdir("/proc/self/fd"))
        copies.share({supervisor.SHARED})
        print(threading.active_count(), len(os.listdir("/proc/self/task")))
        print(set(os.listdir("/proc/self/fd")) - before)
        print([one for one in ("libvirt", "pyroute2", "rtslib_fb") if one in sys.modules])
    """

    assert run(tmp_path, look).splitlines() == ["1 1", "set()", "[]"]


@pytest.mark.parametrize(
    ("module", "setup", "unwanted"),
    [
        ("services.image.__main__", "", ("oslo_utils", "cryptography")),
        ("services.object.__main__", "", ("email.policy", "oslo_utils")),
        (
            "services.network.__main__",
            "from appliance import config; services.network.__main__.driver(config.load())",
            ("pyroute2.ndb", "pyroute2.ipdb", "psutil"),
        ),
    ],
)
def test_no_service_loads_what_it_may_never_need(
    home: Path, module: str, setup: str, unwanted: tuple[str, ...]
) -> None:
    """Megabytes of each process, while nothing happens."""
    look = f"import sys, {module}\n{setup}\nprint([m for m in {unwanted} if m in sys.modules])"

    assert run(home, look).strip() == "[]"
