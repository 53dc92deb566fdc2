"""Whether anything blocks the interface's loop: each step of it timed, while all screens are shown.

Each callback and each step of a task that asyncio runs counts; what the tests themselves do there
does not. The figure is CPU of the loop's thread: a machine that is busy with other work would else
be measured too. What waits without working shows in `wall`.
"""

import asyncio
import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from tests.pty import crowd
from tests.tui import box1, matrix
from tests.tui.matrix import Look
from tui import glyphs

LIMIT_S: Final = 0.016
_INSTANCES: Final = 1_000
_OFFENDERS: Final = 12


@dataclass(slots=True)
class Steps:
    """What ran: how often, and the longest of each kind."""

    count: int = 0
    over: int = 0
    longest_s: float = 0.0
    by_name: dict[str, tuple[float, int]] = field(default_factory=dict)

    def note(self, name: str, cpu_s: float) -> None:
        """Take one step."""
        self.count += 1
        self.longest_s = max(self.longest_s, cpu_s)
        if cpu_s > LIMIT_S:
            self.over += 1
            longest_s, often = self.by_name.get(name, (0.0, 0))
            self.by_name[name] = max(longest_s, cpu_s), often + 1


@contextmanager
def watched() -> Iterator[Steps]:
    """Time every step of asyncio in this process."""
    steps, before = Steps(), asyncio.events.Handle._run

    def run(handle: Any) -> None:
        name = _name(handle)
        began_s = time.thread_time()
        before(handle)
        if name:
            steps.note(name, time.thread_time() - began_s)

    asyncio.events.Handle._run = run
    try:
        yield steps
    finally:
        asyncio.events.Handle._run = before


def measure() -> dict[str, float]:
    """`loop_calls`, `loop_over` (16 ms) and `loop_max_ms`; the worst offenders are printed."""
    cloud = box1.build()
    crowd.add_instances(cloud, _INSTANCES)
    gc.collect()
    gc.freeze()  # as `tui.__main__` does; the tests' own modules are not the interface's
    with watched() as steps:
        matrix.draw(cloud, Look(size=(120, 38), signs=glyphs.UNICODE))
    worst = sorted(steps.by_name.items(), key=lambda item: -item[1][0])[:_OFFENDERS]
    for name, (longest_s, often) in worst:
        print(f"{1000 * longest_s:6.1f} ms, {often} times over: {name}", flush=True)
    return {
        "loop_calls": float(steps.count),
        "loop_over": float(steps.over),
        "loop_max_ms": 1000 * steps.longest_s,
    }


def _name(handle: Any) -> str:
    """Return what runs, or an empty text for what is the tests' own."""
    owner = getattr(handle._callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        coroutine = owner.get_coro()
        code = getattr(coroutine, "cr_code", None)
        if code is None or "/tests/" in code.co_filename or "run_test" in code.co_qualname:
            return ""
        return f"{owner.get_name()} {code.co_qualname}"
    return str(getattr(handle._callback, "__qualname__", handle._callback))
