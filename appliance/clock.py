"""The time, as text for rows and as numbers for spans."""

import time
from datetime import UTC, datetime


def now() -> float:
    """Seconds since the epoch."""
    return time.time()


def now_us() -> int:
    """Microseconds since the epoch, for hops."""
    return time.time_ns() // 1000


def stamp(at_s: float | None = None) -> str:
    """`2010-10-21T16:42:07.123456Z`: how rows keep a moment; sorts as text."""
    moment = datetime.fromtimestamp(now() if at_s is None else at_s, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def seconds(text: str) -> float:
    """Turn a `stamp` back into seconds since the epoch."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC).timestamp()
