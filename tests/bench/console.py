"""The guest's console: megabytes a second through emulator and widget, and how soon a key is out.

G-34: 5 MB/s sustained without missing a key, key echo p95 60 ms during a flood. The app runs
without a terminal; the line is in this process, so what is measured is ours alone.
"""

import asyncio
import contextlib
import time
from typing import Final

from tests.tui import box1, stage
from tests.tui.console.fake_line import FakeLine
from tui.app import Tui
from tui.console.avt import Avt

_CHUNK: Final = 64 * 1024  # what a socket gives at once
_BYTES: Final = 20_000_000
_EVERY_S: Final = 0.05
YES: Final = b"y\r\n" * (_CHUNK // 3)
LOG: Final = b"".join(
    b"\x1b[32m[%12.6f]\x1b[0m eth%d: link is up, %d packets received\r\n" % (n / 70, n % 4, n)
    for n in range(1000)
)


def measure() -> dict[str, float]:
    """Rates in MB/s of emulator and screen; keys missed, and milliseconds until they are out."""
    return {
        "emulator_yes_mb_s": _emulator(YES),
        "emulator_log_mb_s": _emulator(LOG),
        **{f"screen_yes_{key}": value for key, value in _screen(YES).items()},
        **{f"screen_log_{key}": value for key, value in _screen(LOG).items()},
    }


def rows(figures: dict[str, float]) -> list[tuple[str, str, str, str, bool]]:
    """What the page says: what, figure, compared with, goal, whether it is met."""
    missed = int(figures["screen_yes_keys_missed"] + figures["screen_log_keys_missed"])
    return [
        (
            "guest console, `yes` in the guest, shown", f"{figures['screen_yes_mb_s']:.1f} MB/s",
            f"log lines {figures['screen_log_mb_s']:.0f} MB/s; "
            f"emulator alone {figures['emulator_yes_mb_s']:.1f} and "
            f"{figures['emulator_log_mb_s']:.0f} MB/s",
            "≥ 5 MB/s", figures["screen_yes_mb_s"] >= 5,
        ),
        (
            "… a key typed during that, until it is sent (p95)",
            f"{figures['screen_yes_key_p95_ms']:.0f} ms, {missed} missed",
            f"median {figures['screen_yes_key_ms']:.0f} ms", "≤ 60 ms, none missed",
            figures["screen_yes_key_p95_ms"] <= 60 and not missed,
        ),
    ]  # fmt: skip


def _emulator(text: bytes) -> float:
    emulator = Avt()
    began = time.perf_counter()
    for _ in range(_BYTES // len(text)):
        emulator.feed(text)
    return _BYTES / (time.perf_counter() - began) / 1e6


def _screen(text: bytes) -> dict[str, float]:
    found: dict[str, float] = {}
    line = FakeLine()

    async def scene(app: Tui, pilot: stage.Pilot[None]) -> None:
        await stage.press(pilot, "2", "down", "c")
        found.update(await _flood(app, line, text))

    stage.play(box1.build(), scene, open_line=lambda _: line)
    return found


async def _flood(app: Tui, line: FakeLine, text: bytes) -> dict[str, float]:
    """Say ``text`` again and again; press a key every 50 ms until all of it is shown."""
    began = time.perf_counter()
    for _ in range(_BYTES // len(text)):
        line.say(text)
    took: list[float] = []
    flooding = asyncio.create_task(_until_shown(line))
    while not flooding.done():
        pressed = time.perf_counter()
        app.simulate_key("x")
        await line.next_typed()
        took.append(time.perf_counter() - pressed)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(flooding), _EVERY_S)
    elapsed = await flooding - began
    ranked = sorted(took)
    return {
        "mb_s": _BYTES / elapsed / 1e6,
        "key_ms": 1000 * ranked[len(ranked) // 2],
        "key_p95_ms": 1000 * ranked[int(0.95 * len(ranked))],
        "keys": len(took),
        "keys_missed": len(took) - line.typed.count(b"x"),
    }


async def _until_shown(line: FakeLine) -> float:
    await line.all_heard()
    return time.perf_counter()
