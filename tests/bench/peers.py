"""The peers that the project is compared with: installed beside it, never into it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / ".peers"  # one virtual environment a peer; git does not see it
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


def programs(name: str, *requirements: str) -> Path:
    """The folder of a peer's programs; the first time it is installed there."""
    home = FOLDER / name
    stamp = home / "requirements"
    if not stamp.exists() or stamp.read_text().split() != list(requirements):
        print(f"installing {', '.join(requirements)} …", file=sys.stderr, flush=True)
        uv = str(Path(sys.executable).parent / "uv")
        subprocess.run([uv, "venv", "--quiet", "--clear", str(home)], check=True)
        python = str(home / "bin/python")
        subprocess.run(
            [uv, "pip", "install", "--quiet", "--python", python, *requirements], check=True
        )
        stamp.write_text("\n".join(requirements))
    return home / "bin"


def version(bin_folder: Path, package: str) -> str:
    """The version of a package that is installed there."""
    says = f"from importlib.metadata import version; print(version({package!r}))"
    done = subprocess.run(
        [bin_folder / "python", "-c", says], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def cpu_s(pids: list[int]) -> float:
    """What these processes have used of the processors so far, in seconds."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])  # utime and stime
    return ticks / _TICKS_PER_S


def pss_mib(pids: list[int]) -> float:
    """The memory of these processes, what they share counted once."""
    total = 0
    for pid in pids:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def rss_mib(pid: int) -> float:
    """What is resident of one process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
