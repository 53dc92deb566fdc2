"""The interface in a real terminal against a simulated cloud: how fast, how light, how quiet.

What is measured is `python -m tui` as a person starts it, in a pty (`tests.pty`), beside a cloud
of another process. `tests.bench.tui_page` says which of it is a goal.
"""

import datetime
import os
import statistics
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.bench import tui_loop
from tests.pty import loopback
from tests.pty.loopback import Loopback
from tests.pty.terminal import Terminal
from tests.tui import box1, matrix, test_matrix

MOVES: Final = 250
STARTS: Final = 10
EVENTS: Final = 200
SETTLES_S: Final = 70.0  # ages are told in seconds for a minute after the last change
IDLE_S: Final = 60.0
HELD_S: Final = 3.0
BAUD: Final = 115_200


def measure() -> dict[str, float]:
    """All figures of the page, by the names it knows them by."""
    with tempfile.TemporaryDirectory(prefix="nbx-bench-tui-") as folder:
        home = Path(folder)
        found = {
            "load": os.getloadavg()[0],
            "date": float(f"{datetime.datetime.now(datetime.UTC):%Y%m%d}"),
        }
        with loopback.cloud(instances=10_000) as cloud:
            found |= moves(cloud, home) | bytes_of_moves(cloud, home) | slow_line(cloud, home)
        with loopback.cloud(instances=1_000) as cloud:
            found |= starts(cloud, home) | events(cloud, home) | idling(cloud, home)
        with loopback.cloud(instances=100_000) as cloud:
            found |= many_rows(cloud, home)
    return found | tui_loop.measure() | snapshots()


def moves(cloud: Loopback, home: Path) -> dict[str, float]:
    """G-01: key to first byte of the cursor in a list of 10 000."""
    with loopback.tui(cloud, home) as terminal:
        listing(terminal, 10_000)
        took_ms = [1000 * terminal.press("down", quiet_s=0.015).first_s for _ in range(MOVES)]
    return {"move_p50_ms": statistics.median(took_ms), "move_p95_ms": p95(took_ms)}


def bytes_of_moves(cloud: Loopback, home: Path) -> dict[str, float]:
    """G-10: what a cursor move costs a terminal of sixteen colours, scrolling as it comes."""
    with loopback.tui(cloud, home, term="linux") as terminal:
        listing(terminal, 10_000)
        sizes = [terminal.press("down", quiet_s=0.015).size_bytes for _ in range(MOVES)]
        page = terminal.press("pagedown").size_bytes
    return {"move_bytes": statistics.mean(sizes), "page_bytes": float(page)}


def slow_line(cloud: Loopback, home: Path) -> dict[str, float]:
    """G-11: a key held down at 30 a second over a serial line, and how long after it is quiet."""
    with loopback.tui(cloud, home, term="vt220", baud=BAUD) as terminal:
        listing(terminal, 10_000)
        before, began_s, sent = len(terminal.output), time.monotonic(), 0
        while (now_s := time.monotonic() - began_s) < HELD_S:
            if now_s * 30 >= sent:
                terminal.send("down")
                sent += 1
            terminal.read(0.005)
        released_s = time.monotonic()
        terminal.settle(quiet_s=0.15)
        lag_s = max(0.0, terminal.times[-1][0] - released_s)
        took_s = HELD_S + lag_s
        size = len(terminal.output) - before
    return {
        "slow_moves_per_s": sent / took_s,
        "slow_lag_ms": 1000 * lag_s,
        "slow_bytes": size / sent,
    }


def starts(cloud: Loopback, home: Path) -> dict[str, float]:
    """G-03, G-04: from the command to what was last seen, and to what is."""
    first_ms, first_cpu_ms, live_ms = [], [], []
    with loopback.tui(cloud, home) as terminal:  # it leaves what it saw
        terminal.wait(is_live)
        terminal.send("ctrl+q")
        terminal.status()
    for _ in range(STARTS):
        cloud.tell("set", delay_s=3.0)  # a cloud that takes its time: what is shown was kept
        with loopback.tui(cloud, home) as terminal:
            terminal.wait(is_useful)
            first_cpu_ms.append(1000 * terminal.cpu_s())
            first_ms.append(1000 * terminal.when(is_useful))
        cloud.tell("set", delay_s=0.0)
        with loopback.tui(cloud, home) as terminal:
            terminal.wait(is_live)
            live_ms.append(1000 * terminal.when(is_live))
    return {
        "first_paint_ms": statistics.median(first_ms),
        "first_paint_cpu_ms": statistics.median(first_cpu_ms),
        "live_ms": statistics.median(live_ms),
    }


def events(cloud: Loopback, home: Path) -> dict[str, float]:
    """G-06: from a change in the cloud to its first byte on the screen."""
    took_ms = []
    with loopback.tui(cloud, home) as terminal:
        listing(terminal, 1_000)
        for number in range(EVENTS):
            terminal.settle(quiet_s=0.02)
            began_s = time.monotonic()
            cloud.tell("put", "instance", id="changing", name=f"now-{number}", created_at=2e9)
            assert terminal.read(10.0), "no event arrives"
            took_ms.append(1000 * (terminal.times[-1][0] - began_s))
        terminal.wait_for(f"now-{EVENTS - 1}")
    cloud.tell("remove", "instance", "changing")
    return {"event_p95_ms": p95(took_ms), "event_p50_ms": statistics.median(took_ms)}


def idling(cloud: Loopback, home: Path) -> dict[str, float]:
    """G-08, G-09: memory, processor and wake-ups of Home over a minute in which nothing happens."""
    cloud.tell("put", "topic", name="compute.box1", is_paused=False, paused_until=None)
    with loopback.tui(cloud, home) as terminal:
        terminal.wait(is_live)
        drain(terminal, SETTLES_S)
        cpu_s, wakeups, began_s = terminal.cpu_s(), terminal.wakeups(), time.monotonic()
        drain(terminal, IDLE_S)
        over_s = time.monotonic() - began_s
        return {
            "home_pss_mib": terminal.pss_mib(),
            "idle_cpu_percent": 100 * (terminal.cpu_s() - cpu_s) / over_s,
            "idle_wakeups_per_s": (terminal.wakeups() - wakeups) / over_s,
        }


def many_rows(cloud: Loopback, home: Path) -> dict[str, float]:
    """G-07: 100 000 instances: the list opened and filtered, and the memory of it."""
    with loopback.tui(cloud, home) as terminal:
        terminal.wait(is_live)
        terminal.settle(quiet_s=0.2)
        opened_s = until(terminal, "2", "of 100005")
        filtered_s = [until(terminal, "/", "column:value")]
        count = 100_005
        for text in "999":  # each leaves fewer
            filtered_s.append(until(terminal, text, " of 100005", but=f" {count} of"))
            count = shown_rows(terminal)
        terminal.settle(quiet_s=0.2)
        return {
            "rows_open_ms": 1000 * opened_s,
            "rows_filter_ms": 1000 * max(filtered_s[1:]),
            "rows_pss_mib": terminal.pss_mib(),
            "rows_live_ms": 1000 * terminal.when(is_live),
        }


def snapshots() -> dict[str, float]:
    """G-42: every screen that a key reaches, in every look."""
    began_s, cpu_s = time.monotonic(), time.process_time()
    count = sum(len(matrix.draw(box1.build(), look)) for look in test_matrix.LOOKS)
    return {
        "snapshots": float(count),
        "snapshots_s": time.monotonic() - began_s,
        "snapshots_cpu_s": time.process_time() - cpu_s,
    }


def listing(terminal: Terminal, count: int) -> None:
    """Go to the instances and wait until all are there."""
    terminal.wait(is_live)
    terminal.send("2")
    terminal.wait_for(f"of {count + 5}")
    terminal.settle(quiet_s=0.3)


def until(terminal: Terminal, key: str, text: str, *, but: str = "\0") -> float:
    """Type a key; the seconds until ``text`` is on the screen and ``but`` is not."""
    began_s = time.monotonic()
    terminal.send(key)
    ended_s = terminal.wait(lambda shown: text in shown and but not in shown)
    return ended_s + terminal.began_s - began_s


def shown_rows(terminal: Terminal) -> int:
    """How many rows the list says that it shows."""
    words = terminal.text().split()
    return int(words[words.index("of") - 1])


def drain(terminal: Terminal, for_s: float) -> None:
    """Take what comes for so long."""
    end_s = time.monotonic() + for_s
    while (left_s := end_s - time.monotonic()) > 0:
        terminal.read(left_s)


def is_live(shown: str) -> bool:
    """Whether Home shows the cloud's services as they are now."""
    return "6/6 up" in shown and "6/16" in shown


def is_useful(shown: str) -> bool:
    """Whether Home shows what was there when it was last seen, and says so."""
    return "stale" in shown and "6/16" in shown


def p95(values: Iterable[float]) -> float:
    """The value that one in twenty exceeds."""
    return statistics.quantiles(values, n=20)[-1]
