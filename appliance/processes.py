"""Whether our processes live, and what they cost: memory and CPU, read from /proc."""

import ctypes
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance import clock
from appliance.model.host import Service

SILENT_S: Final = 60.0  # a service that said nothing for this long is down, as Nova says
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One process now. `pss_kib` counts a page shared by n processes as 1/n of it."""

    name: str
    pid: int
    pss_kib: int
    cpu_s: float


def give_memory_back() -> None:
    """Let go of what this process has freed: glibc keeps most of it for a next time (15 MiB a
    process after an upload or a launch). A millisecond; call it now and then, when idle.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # not every C library has it
        trim(0)


def is_alive(pid: int) -> bool:
    """Whether a process with this pid runs (a zombie does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def is_up(service: Service, *, here: str) -> bool:
    """Whether a service reported in lately and, on the host `here`, its process lives."""
    is_silent = clock.now() - clock.seconds(service.seen_at) > SILENT_S
    return not is_silent and (is_alive(service.pid) or service.host != here)


def cost(name: str, pid: int) -> Cost | None:
    """What process `pid` costs now; None when it is gone or not ours to look at."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    pss_kib = next(
        (int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0
    )
    fields = stat.rpartition(")")[2].split()
    return Cost(
        name=name, pid=pid, pss_kib=pss_kib,
        cpu_s=(int(fields[11]) + int(fields[12])) / _TICKS_PER_S,
    )  # fmt: skip


def cpu_percent(pids: list[int], *, over_s: float) -> float:
    """Percent of one core that `pids` use together, measured for `over_s` seconds."""

    def spent() -> float:
        costs = (cost("", pid) for pid in pids)
        return sum(one.cpu_s for one in costs if one)

    if not pids:
        return 0.0
    before = spent()
    time.sleep(over_s)
    return 100 * (spent() - before) / over_s
