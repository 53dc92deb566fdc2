"""`./bootstrap test`: every check of the project, each with its time; all run, whatever fails."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
BIN: Final = Path(sys.executable).parent

_UNIT: Final = "not host and not guest and not crash and not vm"
# what runs real stores, hashes many passwords, or searches long for a counterexample
_DEEP: Final = (
    "tests/storage", "tests/contract", "tests/fuzz", "tests/property",
    "tests/services/object", "tests/services/image", "tests/services/identity",
    "tests/services/api/image", "tests/services/api/identity",
)  # fmt: skip
# stages of their own
_ELSEWHERE: Final = tuple(
    f"--ignore={folder}" for folder in ("tests/system", "tests/tui", "tests/pty", *_DEEP)
)
STAGES: Final[tuple[tuple[str, list[str]], ...]] = (
    ("format", ["ruff", "format", "--check", "."]),
    ("lint", ["ruff", "check", "."]),
    ("types", ["mypy"]),
    ("imports", ["lint-imports"]),
    ("unit", ["pytest", "-q", "-n", "2", *_ELSEWHERE, "-m", _UNIT]),
    ("deep", ["pytest", "-q", "-n", "2", *_DEEP, "-m", _UNIT]),
    ("screens", ["pytest", "-q", "-n", "2", "--dist", "loadfile", "tests/tui", "tests/pty"]),
    ("clients", ["pytest", "-q", "tests/system", "-m", _UNIT]),
    ("tempest", ["python", "-m", "tests.tempest", "--check"]),
    ("host", ["pytest", "-q", "-m", "host and not guest and not crash", "--durations=5"]),
    ("vm", ["pytest", "-q", "-m", "vm", "--durations=5"]),
    ("crash", ["pytest", "-q", "-m", "crash and not vm", "--durations=5"]),
    ("guest", ["pytest", "-q", "-m", "guest and not crash", "--durations=5"]),
)


def main() -> int:
    """Run all stages; 1 when one failed."""
    results = []
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of processes start: compile once
    for name, argv in STAGES:
        print(f"\n=== {name}: {' '.join(argv)}", flush=True)
        began = time.monotonic()
        status = subprocess.run([BIN / argv[0], *argv[1:]], cwd=ROOT, check=False).returncode
        results.append((name, status == 0, time.monotonic() - began))
    print()
    for name, passed, took_s in results:
        print(f"{'● passed' if passed else '✗ FAILED'}  {name:<8} {took_s:7.1f} s")
    failed = sum(not passed for _, passed, _ in results)
    print(f"\nstages: {len(results) - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
