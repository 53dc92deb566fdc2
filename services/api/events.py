"""The event stream: one thread follows rows and trace, and hands what changed to every listener.

A listener first gets a snapshot, or what changed since the revision it names; then every change as
it is committed. It knows no HTTP.
"""

import logging
import math
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterable
from dataclasses import asdict
from typing import Any, Final

from appliance import bell, config, context, trace
from appliance.db import changes, connection
from services.api.cloud import listener, objects, usage
from services.api.cloud.listener import Item, Listener, Wanted
from services.api.cloud.seen import Seen
from services.api.cloud.workings import Workings
from services.http import stream

log = logging.getLogger(__name__)

_TICK_S: Final = 5.0  # how often processes and hosts are looked at while somebody listens
_INSTANT_S: Final = 0.2  # in which a process that was sent a signal ends, and no longer
_TOPICS_S: Final = 0.1  # topics are looked at when a hop was written, no more often than this
_BATCH: Final = 1000  # changes or hops read at once
_OWNERS_MAX: Final = 10_000  # requests whose project is remembered

# kinds that are never shared with another project; the log says of a key pair whose user's it was
_OWN: Final = frozenset({
    "instance", "volume", "snapshot", "port", "security_group", "key_pair", "journal",
})  # fmt: skip
_ADMINS: Final = frozenset({"project", "user"})  # kinds that are told to administrators only

# what changes all the time: worth an event at every tick, not at every hop
_RESTLESS: Final = frozenset(
    {"seen_at", "oldest_age_s", "pss_kib", "cpu_percent", "in_per_s", "out_per_s", "history"}
)


class Events:
    """Follows one cloud for all listeners of this process."""

    def __init__(
        self,
        *,
        settings: config.Settings,
        db: connection.Database,
        workings: Workings,
        log: trace.Log,
    ) -> None:
        self._run_dir = settings.run_dir
        self._db = db
        self._workings = workings
        self._log = log
        self._lock = threading.Lock()  # keeps the thread still while the first listener joins
        self._listeners: set[Listener] = set()
        self._is_closed = False
        self._revision = 0
        self._seq = 0
        self._parts: dict[tuple[str, str], dict[str, Any]] = {}  # as they were last told
        self._project_by_request: OrderedDict[str, str] = OrderedDict()
        self._ringer = bell.Ringer(settings.run_dir)
        self._is_hurried = False
        self._usage = usage.Teller(
            usage.Meter(settings.run_dir, db),
            listeners=lambda: tuple(self._listeners),
            revision=lambda: self._revision,
        )

    def start(self) -> None:
        """Follow from now on, in a thread that ends with the process."""
        bells = (
            bell.Bell(self._run_dir, connection.EVENTS_BELL),
            bell.Bell(self._run_dir, trace.HOPS_BELL),
        )
        threading.Thread(target=self._run, args=(bells,), name="events", daemon=True).start()
        self._usage.start()

    def look(self) -> None:
        """Somebody changed a topic or a process: look at them in an instant, not at the tick."""
        self._is_hurried = True
        self._ringer.ring(connection.EVENTS_BELL)

    def close(self) -> None:
        """End every stream; their clients resume at the next process."""
        self._is_closed = True
        self._usage.close()
        for one in tuple(self._listeners):
            one.tell(None)

    async def follow(
        self, ctx: context.RequestContext, wanted: Wanted
    ) -> AsyncGenerator[bytes, None]:
        """One client's stream, until it goes away, is too slow, or we stop."""
        one = Listener(ctx, wanted)
        try:
            yield await stream.in_thread(lambda: self._join(one))
            while not self._is_closed and (piece := await one.next()) is not None:
                yield piece
        finally:
            self._listeners.discard(one)

    def _join(self, one: Listener) -> bytes:
        """Tell the listener from here on; what it must know before that."""
        with self._lock:
            if not self._listeners:
                self._revision = changes.revision(self._db)
                self._seq = self._log.last_seq()
                self._workings.note_recent_steps()
                self._parts = {(part.kind, part.id): part.view for part in self._look()}
            self._listeners.add(one)
        self._usage.wake()
        revision = changes.revision(self._db)
        one.knows(revision)
        since = one.wanted.since
        if since is not None and changes.oldest(self._db) - 1 <= since <= revision:
            return b"".join(self._missed(one, since, revision))
        return self._snapshot(one, revision)

    def _snapshot(self, one: Listener, revision: int) -> bytes:
        kinds = one.wanted.kinds
        found: dict[str, list[Any]] = {
            kind: [seen.view for seen in objects.everything(self._db, kind, one.ctx)]
            for kind in listener.ROWS
            if kind in kinds
        }
        found |= {kind: [] for kind in listener.PARTS if kind in kinds}
        for part in self._look():
            if part.kind in kinds:
                found[part.kind].append(part.view)
        if usage.KIND in kinds:
            found[usage.KIND] = self._usage.known(one)
        return listener.event("snapshot", {"rev": revision, "objects": found}, revision=revision)

    def _missed(self, one: Listener, since: int, revision: int) -> Iterable[bytes]:
        yield b": resumed\n\n"
        while batch := changes.after(self._db, since, limit=_BATCH):
            for change in batch:
                seen = objects.find(self._db, change.kind, change.object_id)
                if _concerns(one, change, seen):
                    yield _rendered(change, seen)
            since = batch[-1].revision
        for part in self._look():
            if part.kind in one.wanted.kinds:
                yield listener.upsert(part.kind, part.id, part.view, revision=revision)

    def _look(self) -> list[Seen]:
        return [*self._workings.services(), *self._workings.hosts(), *self._workings.topics()]

    def _run(self, bells: tuple[bell.Bell, bell.Bell]) -> None:
        """The thread: woken by every commit and every batch of hops."""
        tick_s = 0.0  # when all parts are looked at next
        look_s = math.inf  # when they are for the hops that came: these come in bursts
        while not self._is_closed:
            bell.wait_any(bells, max(min(look_s, tick_s) - time.monotonic(), 0.0))
            now_s = time.monotonic()
            if not self._listeners:
                tick_s, look_s = now_s + _TICK_S, math.inf
                continue
            try:
                with self._lock:
                    is_hurried, self._is_hurried = self._is_hurried, False
                    tick_s = now_s if self._tell_rows() else tick_s
                    tick_s = min(tick_s, now_s + _INSTANT_S) if is_hurried else tick_s
                    look_s = min(look_s, now_s + _TOPICS_S) if self._tell_hops() else look_s
                    if now_s >= min(look_s, tick_s):
                        self._tell_parts(is_tick=now_s >= tick_s)
                        tick_s = now_s + _TICK_S if now_s >= tick_s else tick_s
                        look_s = math.inf
            except Exception:  # the thread's outermost frame: the next tick tries again
                log.exception("the event stream stumbled")
                tick_s = now_s + _TICK_S

    def _tell_rows(self) -> bool:
        """Tell of changed rows; whether a process or a host was among them."""
        has_parts = False
        while batch := changes.after(self._db, self._revision, limit=_BATCH):
            for change in batch:
                has_parts = has_parts or change.kind in listener.PARTS
                self._tell_row(change)
            self._revision = batch[-1].revision
        return has_parts

    def _tell_row(self, change: changes.Change) -> None:
        seen = objects.find(self._db, change.kind, change.object_id)
        told = [one for one in tuple(self._listeners) if _concerns(one, change, seen)]
        if told:
            item = Item(data=_rendered(change, seen), revision=change.revision)
            for one in told:
                one.tell(item)

    def _tell_hops(self) -> bool:
        """Tell of new and finished hops; whether there were any."""
        has_any = False
        while batch := self._log.after(self._seq, limit=_BATCH):
            has_any = True
            self._seq = batch[-1][0]
            hops = [hop for _, hop in batch]
            self._workings.note_steps(hops)
            for hop in hops:
                self._tell_hop(hop)
        return has_any

    def _tell_hop(self, hop: trace.Hop) -> None:
        project_id = self._project_of(hop)
        told = [one for one in tuple(self._listeners) if _hears(one, hop, project_id)]
        if told:
            item = Item(data=listener.event("hop", hop_view(hop)))
            for one in told:
                one.tell(item)

    def _project_of(self, hop: trace.Hop) -> str:
        """Whose request it is: known from the first hop that had been asked who asks."""
        if hop.project_id and hop.request_id not in self._project_by_request:
            self._project_by_request[hop.request_id] = hop.project_id
            if len(self._project_by_request) > _OWNERS_MAX:
                self._project_by_request.popitem(last=False)
        return self._project_by_request.get(hop.request_id, "")

    def _tell_parts(self, *, is_tick: bool) -> None:
        """Tell of processes, hosts and topics that are not as they were; costs only at a tick."""
        now = {(part.kind, part.id): part.view for part in self._look()}
        for (kind, key), view in now.items():
            before = self._parts.get((kind, key))
            if before is None or (before != view if is_tick else _calm(before) != _calm(view)):
                self._tell_part(kind, listener.upsert(kind, key, view, revision=self._revision))
                self._parts[kind, key] = view
        for kind, key in set(self._parts) - set(now):
            self._tell_part(kind, listener.delete(kind, key, revision=self._revision))
            del self._parts[kind, key]

    def _tell_part(self, kind: str, data: bytes) -> None:
        for one in tuple(self._listeners):
            if kind in one.wanted.kinds:
                one.tell(Item(data=data))


def hop_view(hop: trace.Hop) -> dict[str, Any]:
    """A hop as clients see it."""
    view = asdict(hop)
    del view["project_id"]
    return view


def _hears(one: Listener, hop: trace.Hop, project_id: str) -> bool:
    """An id that somebody knows was answered to them; else hops are for their own project."""
    if "hop" not in one.wanted.kinds:
        return False
    if one.wanted.request_id:
        return hop.request_id == one.wanted.request_id
    return one.ctx.is_admin or (project_id != "" and project_id == one.ctx.project_id)


def _concerns(one: Listener, change: changes.Change, seen: Seen | None) -> bool:
    """Who saw an object hears that it is gone; one of `_OWN` was its own project's alone."""
    if change.kind not in one.wanted.kinds or change.kind in listener.PARTS:
        return False
    if seen is not None:
        return seen.is_for(one.ctx)
    if one.ctx.is_admin:
        return True
    owner_id = one.ctx.user_id if change.kind == "key_pair" else one.ctx.project_id
    return change.project_id == owner_id or change.kind not in _OWN | _ADMINS


def _rendered(change: changes.Change, seen: Seen | None) -> bytes:
    if seen is None:
        return listener.delete(change.kind, change.object_id, revision=change.revision)
    return listener.upsert(seen.kind, seen.id, seen.view, revision=change.revision)


def _calm(view: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in view.items() if name not in _RESTLESS}
