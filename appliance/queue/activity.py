"""How busy topics were in the last seconds: counted from the trace, when somebody looks.

Senders and workers count nothing for it. The first look reads back from the newest hop; each later
one reads what came since, so a look costs what happened, and a cloud that nobody looks at, nothing.
"""

import threading
from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import Final

from appliance import clock, trace

SECONDS: Final = 30
_RATE_S: Final = 10  # rates are of the last seconds: one that says "now", and does not jump
_HOPS_MAX: Final = 20_000  # hops read at one look: 600 a second for half a minute


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """One topic. Lists have one number a second, the oldest first."""

    in_per_s: float
    out_per_s: float
    sent: list[int]
    taken: list[int]
    depth: list[int]  # how many waited at the end of each second


class Activity:
    """Follows the trace of one cloud; may be used by many threads."""

    def __init__(self, log: trace.Log) -> None:
        self._log = log
        self._seq = 0
        self._seen: OrderedDict[str, int] = OrderedDict()  # hops that count, and in which second
        self._counts: dict[int, Counter[tuple[str, bool]]] = {}  # by second: topic, whether sent
        self._lock = threading.Lock()

    def look(self, depth_by_topic: dict[str, int]) -> dict[str, Busy]:
        """The last seconds of these topics, which have so many messages now."""
        now = int(clock.now())
        with self._lock:
            self._read(now)
            return {
                topic: self._busy(topic, now=now, depth=depth)
                for topic, depth in depth_by_topic.items()
            }

    def _read(self, now: int) -> None:
        """What was written since the last look; a hop is written twice, and counts once."""
        newest = self._log.last_seq()
        for one in self._log.crossings(max(self._seq, newest - _HOPS_MAX)):
            second = int(one.at_s)
            if second > now - SECONDS and one.hop_id not in self._seen:
                self._seen[one.hop_id] = second
                self._counts.setdefault(second, Counter())[one.topic, one.is_sent] += 1
        self._seq = newest
        for second in [second for second in self._counts if second <= now - SECONDS]:
            del self._counts[second]
        while self._seen and next(iter(self._seen.values())) <= now - SECONDS:
            self._seen.popitem(last=False)

    def _busy(self, topic: str, *, now: int, depth: int) -> Busy:
        seconds = [self._counts.get(now - ago, Counter()) for ago in range(SECONDS)][::-1]
        sent = [counts[topic, True] for counts in seconds]
        taken = [counts[topic, False] for counts in seconds]
        return Busy(
            in_per_s=sum(sent[-_RATE_S:]) / _RATE_S,
            out_per_s=sum(taken[-_RATE_S:]) / _RATE_S,
            sent=sent,
            taken=taken,
            depth=_depths(sent, taken, depth),
        )


def _depths(sent: list[int], taken: list[int], depth: int) -> list[int]:
    """Backwards from now: before a second there waited what waits after it, less what came."""
    depths = [depth]
    for came, went in zip(reversed(sent[1:]), reversed(taken[1:]), strict=True):
        depths.append(max(depths[-1] - came + went, 0))
    return depths[::-1]
