"""Sizes, ages, durations and moments as a person reads them; no clock is read here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from tui.client.nouns import Time

_MICROSECONDS_FROM: Final = 1e14  # as seconds this is the year 3 170 000: such a number means µs
_AGES: Final = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


def epoch_s(moment: Time) -> float | None:
    """Return seconds since the epoch for any form of time that the APIs use.

    Text without a zone is UTC, as in all OpenStack APIs; unreadable text gives None.
    """
    if moment is None or moment == "":
        return None
    if isinstance(moment, str):
        try:
            parsed = datetime.fromisoformat(moment)
        except ValueError:
            return None
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    return moment / 1e6 if moment > _MICROSECONDS_FROM else float(moment)


def age(seconds: float | None) -> str:
    """Return ``4s``, ``12m``, ``2h`` or ``41d``; a dash when unknown."""
    if seconds is None:
        return "-"
    whole = max(0, int(seconds))
    for unit_s, letter in _AGES:
        if whole >= unit_s:
            return f"{whole // unit_s}{letter}"
    return "0s"


def countdown(seconds: float) -> str:
    """Return ``4:48``: minutes and seconds that are left, or have passed."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    return f"{minutes}:{rest:02}"


def since(moment: Time, *, now_s: float) -> str:
    """Return the age of ``moment`` at ``now_s``."""
    start_s = epoch_s(moment)
    return age(None if start_s is None else now_s - start_s)


def duration(microseconds: float | None) -> str:
    """Return ``350 us``, ``4.2 ms``, ``1.31 s`` or ``2 m 05 s``; a dash when unknown."""
    if microseconds is None:
        return "-"
    if microseconds < 1_000:
        return f"{microseconds:.0f} us"
    if microseconds < 1_000_000:
        return f"{microseconds / 1e3:.1f} ms"
    if microseconds < 60_000_000:
        return f"{microseconds / 1e6:.2f} s"
    minutes, seconds = divmod(round(microseconds / 1e6), 60)
    return f"{minutes} m {seconds:02} s"


def size(size_bytes: float | None) -> str:
    """Return ``412 B``, ``25.3 MiB`` or ``2.1 GiB``; a dash when unknown."""
    if size_bytes is None:
        return "-"
    if size_bytes < 1024:
        return f"{size_bytes:.0f} B"
    for unit in ("KiB", "MiB", "GiB"):
        size_bytes /= 1024
        if size_bytes < 1024:
            return f"{size_bytes:.1f} {unit}"
    return f"{size_bytes / 1024:.1f} TiB"


def memory(memory_mib: float) -> str:
    """Return mebibytes as ``512M`` or ``9.1G``: the narrow form of the bars."""
    return f"{memory_mib:.0f}M" if memory_mib < 1024 else f"{memory_mib / 1024:.1f}G"


def clock(moment: Time) -> str:
    """Return ``16:42:07`` in the local time zone; a dash when unknown."""
    seconds = epoch_s(moment)
    return (
        "-"
        if seconds is None
        else datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%H:%M:%S")
    )
