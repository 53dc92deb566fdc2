"""The object store's part of the page of figures: ours beside Swift's, with the goal of each."""

import platform
import sqlite3
from collections.abc import Iterator
from typing import Final

from tests.bench import swift_peer
from tests.bench.objects import CLIENTS

# how the figure of ours is to stand to Swift's: at least so many times, at most such a part
_OPS: Final = {
    ("put", 1): 5.0, ("put", 8): 10.0, ("put", 32): 10.0,
    ("get", 1): 8.0, ("get", 8): 8.0, ("get", 32): 8.0,
}  # fmt: skip
_RATE: Final = {"put": 1.5, "get": 3.0}
_RATE_CPU: Final = {"put": 1 / 2, "get": 1 / 5}
_SMALL_CPU: Final = 1 / 10
_PAGES: Final = 5.0
_MEMORY: Final = 1 / 4
_FLOOR: Final = 0.7  # of write + fsync + md5


def lines(figures: dict[str, float]) -> list[str]:
    """The section as lines of Markdown."""
    day = f"{int(figures['date'])}"
    date = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    rows = "\n".join(f"| {' | '.join(row)} |" for row in _rows(figures))
    return [
        "## The object store beside OpenStack Swift", "",
        f"`just bench object`, {date}: medians of {int(figures['rounds'])} rounds in turns, on one",
        f"disk. Swift {swift_peer.VERSION} with one replica and {swift_peer.WORKERS} workers a",
        f"server; Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}. CPU is that",
        "of all processes of a side.", "",
        "| what | ours | Swift | ours / Swift | goal | met |",
        "| --- | --- | --- | --- | --- | --- |",
        *rows.splitlines(),
    ]  # fmt: skip


def _rows(figures: dict[str, float]) -> Iterator[tuple[str, ...]]:
    for verb in ("put", "get"):
        for clients in CLIENTS:
            what = f"{verb.upper()} 4 KiB, {clients} client{'s' if clients > 1 else ''}"
            key = f"{verb}_{clients}"
            yield _row(figures, f"{key}_ops_s", f"{what}: requests/s", least=_OPS[verb, clients])
            yield _row(figures, f"{key}_cpu_ms", "… CPU-ms a request", most=_SMALL_CPU)
    for verb in ("put", "get"):
        for size_mib in _sizes(figures, f"ours_{verb}_", "_mib_s"):
            key, what = f"{verb}_{size_mib}", f"{verb.upper()} {size_mib} MiB: MiB/s"
            yield _row(figures, f"{key}_mib_s", what, least=_RATE[verb])
            yield _row(figures, f"{key}_cpu_s", "… CPU-s a GiB", most=_RATE_CPU[verb])
            if verb == "put":
                yield from _floor_rows(figures, size_mib)
    for count in _sizes(figures, "ours_list_", "_cpu_ms"):
        what = f"a page of 1,000 of {count:,} names: ms"
        yield _row(figures, f"list_{count}_ms", what, most=1 / _PAGES)
        yield _row(figures, f"list_{count}_cpu_ms", "… CPU-ms")
    yield _row(figures, "idle_pss_mib", "memory before the first request: MiB PSS")
    yield _row(figures, "pss_mib", "memory after all of this: MiB PSS", most=_MEMORY)


def _row(
    figures: dict[str, float], key: str, what: str, *, least: float = 0.0, most: float = 0.0
) -> tuple[str, ...]:
    ours, swift = figures[f"ours_{key}"], figures[f"swift_{key}"]
    ratio = ours / swift if swift else float("inf")
    goal, met = "-", "-"
    if least:
        goal, met = f"≥ {least:g} ×", _met(ratio >= least)
    elif most:
        goal, met = f"≤ 1/{1 / most:g}", _met(ratio <= most)
    shown = f"{ratio:.1f} ×" if ratio >= 1 else f"1/{1 / ratio:.1f}" if ratio else "0"
    return what, _figure(ours), _figure(swift), shown, goal, met


def _floor_rows(figures: dict[str, float], size_mib: int) -> Iterator[tuple[str, ...]]:
    """Ours beside the same bytes written, synced and hashed by one loop, in Swift's column."""
    for unit, what, goal in (("mib_s", "MiB/s", f"≥ {_FLOOR:g} ×"), ("cpu_s", "CPU-s a GiB", "-")):
        ours, floor = figures[f"ours_put_{size_mib}_{unit}"], figures[f"floor_{size_mib}_{unit}"]
        what = f"… {what}, beside write + fsync + md5 of the same bytes (in brackets)"
        met = _met(ours / floor >= _FLOOR) if unit == "mib_s" else "-"
        yield what, _figure(ours), f"({_figure(floor)})", f"{ours / floor:.2f} ×", goal, met


def _sizes(figures: dict[str, float], before: str, after: str) -> list[int]:
    """The numbers between two parts of a figure's name."""
    found = (
        key.removeprefix(before).removesuffix(after)
        for key in figures
        if key.startswith(before) and key.endswith(after)
    )
    return sorted(int(text) for text in found if text.isdecimal())


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _met(is_met: bool) -> str:
    return "yes" if is_met else "**not met**"
