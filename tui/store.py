"""What is known of the cloud, fed by the event stream; knows neither Textual nor HTTP.

Changes are told to subscribers at most thirty times a second, all kinds of a burst at once.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, TypeVar

from tui.client import nouns

FRAME_S: Final = 1 / 30
_REQUESTS_MAX: Final = 200  # requests whose hops are kept: some 5 000 hops, 4 MiB
_HOPS_MAX: Final = 2_000  # hops kept of one request: fifty times a launch
_JOURNAL_MAX: Final = 100
_YOUNG_S: Final = 65.0  # ages are told in seconds for a minute

Topic: TypeAlias = str
"""What changes are told of: a kind of noun, ``hop``, or ``link`` for the stream itself."""
N = TypeVar("N", bound=nouns.Noun)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """How fresh the store is; ``reason`` says why it is not live."""

    state: Literal["connecting", "live", "lost"]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the journal: a noun as it was after a change, and when this client saw it."""

    at_s: float
    kind: nouns.Kind
    noun: nouns.Noun
    is_gone: bool = False


class Store:
    """Objects by kind and key, hops by request, a journal of changes, the age of it all.

    ``now_s`` is the clock; ``later`` runs a function after a delay in seconds.
    """

    def __init__(
        self, *, now_s: Callable[[], float], later: Callable[[float, Callable[[], None]], object]
    ) -> None:
        self.rev = 0
        self.link = Link(state="connecting")
        self.journal: deque[Entry] = deque(maxlen=_JOURNAL_MAX)
        self._live_until_s: float | None = None
        self._changed_at_s = now_s()
        self._now_s = now_s
        self._later = later
        self._nouns: dict[nouns.Kind, dict[str, nouns.Noun]] = {
            kind: {} for kind in nouns.NOUN_BY_KIND
        }
        self._hops: OrderedDict[str, dict[str, nouns.Hop]] = OrderedDict()
        self._changed: set[Topic] = set()
        self._subscribers: list[Callable[[frozenset[Topic]], None]] = []

    def subscribe(self, callback: Callable[[frozenset[Topic]], None]) -> None:
        """Have ``callback`` called with the topics that changed, once a frame."""
        self._subscribers.append(callback)

    def all(self, noun: type[N]) -> list[N]:
        """Return the nouns of one type in the order in which they came."""
        kind = _KIND_BY_NOUN[noun]
        return [item for item in self._nouns[kind].values() if isinstance(item, noun)]

    def find(self, noun: type[N], key: str) -> N | None:
        """Return one noun, or None."""
        item = self._nouns[_KIND_BY_NOUN[noun]].get(key)
        return item if isinstance(item, noun) else None

    def hops(self, request_id: str) -> list[nouns.Hop]:
        """Return the hops of a request in the order in which they came."""
        return list(self._hops.get(request_id, {}).values())

    def age_s(self) -> float | None:
        """Return how long ago the data was true: 0 while live, None before the first event."""
        if self.link.state == "live":
            return 0.0
        return None if self._live_until_s is None else self._now_s() - self._live_until_s

    @property
    def is_restless(self) -> bool:
        """Whether something gets older by the second: it is young, stale, or will end."""
        if self.link.state != "live" or self._now_s() - self._changed_at_s < _YOUNG_S:
            return True
        return any(topic.is_paused for topic in self.all(nouns.Topic))

    @property
    def is_pending(self) -> bool:
        """Whether something has changed that the subscribers are not told of yet."""
        return bool(self._changed)

    def live(self) -> None:
        """Note that the stream is open."""
        self._set_link(Link(state="live"))

    def lost(self, reason: str) -> None:
        """Note that the stream broke: what is known stays, and ages."""
        if self.link.state == "live":
            self._live_until_s = self._now_s()
        self._set_link(Link(state="lost", reason=reason))

    def restore(self, objects: dict[nouns.Kind, list[nouns.Noun]], *, at_s: float) -> None:
        """Take what was so at ``at_s``, unless something newer is known; the next snapshot wins."""
        if self.rev == 0 and self.link.state == "connecting":
            self.replace(objects, rev=0)
            self._live_until_s = at_s

    def streamed(self) -> dict[nouns.Kind, list[nouns.Noun]]:
        """Return all that the event stream has told of, by kind."""
        return {kind: list(self._nouns[kind].values()) for kind in nouns.STREAMED}

    def replace(self, objects: dict[nouns.Kind, list[nouns.Noun]], *, rev: int) -> None:
        """Take a snapshot: of the kinds in it, nothing else exists."""
        for kind, items in objects.items():
            self._nouns[kind] = {nouns.key(item): item for item in items}
            self._touch(kind)
        self.rev = rev

    def put(self, kind: nouns.Kind, noun: nouns.Noun, *, rev: int) -> None:
        """Take a noun as it is now; an event older than what is known is ignored."""
        if rev < self.rev:
            return
        self._nouns[kind][nouns.key(noun)] = noun
        self._note(kind, noun, rev=rev)

    def remove(self, kind: nouns.Kind, key: str, *, rev: int) -> None:
        """Take a deletion; one that is not known is no error."""
        if rev < self.rev:
            return
        noun = self._nouns[kind].pop(key, None)
        if noun is not None:
            self._note(kind, noun, rev=rev, is_gone=True)
        self.rev = rev

    def add_hops(self, hops: Iterable[nouns.Hop]) -> None:
        """Take hops, new or again: a finished hop replaces the same one running, never back."""
        for hop in hops:
            known = self._hops.setdefault(hop.request_id, {})
            before = known.get(hop.id)
            if len(known) < _HOPS_MAX if before is None else before.status == "running":
                known[hop.id] = hop
            self._hops.move_to_end(hop.request_id)
        while len(self._hops) > _REQUESTS_MAX:
            self._hops.popitem(last=False)
        self._touch("hop")

    def flush(self) -> None:
        """Tell the subscribers what changed since the last time."""
        changed, self._changed = frozenset(self._changed), set()
        for callback in self._subscribers:
            callback(changed)

    def _note(self, kind: nouns.Kind, noun: nouns.Noun, *, rev: int, is_gone: bool = False) -> None:
        if kind in ("instance", "image", "volume"):
            entry = Entry(at_s=self._now_s(), kind=kind, noun=noun, is_gone=is_gone)
            self.journal.append(entry)
        self.rev = rev
        self._touch(kind)

    def _set_link(self, link: Link) -> None:
        if link != self.link:
            self.link = link
            self._touch("link")

    def _touch(self, topic: Topic) -> None:
        if not self._changed:
            self._later(FRAME_S, self.flush)
        self._changed.add(topic)
        self._changed_at_s = self._now_s()


_KIND_BY_NOUN: Final[dict[type[Any], nouns.Kind]] = {
    noun: kind for kind, noun in nouns.NOUN_BY_KIND.items()
}
