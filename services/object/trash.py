"""What becomes of what users delete in the object store: into its trash, and into the journal.

The store's own rows are the truth, with who deleted what beside them; the journal is written from
them a moment later, by a thread, so that a deletion waits for no other database. A kill in between
loses nothing: the next start writes what is missing. What a user deletes in one container within
moments is one entry. Services' own deletions, and those of time (expiry, lifecycle), are for good.
"""

from __future__ import annotations

import json
import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from appliance import clock, config, context, ids
from appliance.db import connection, journal
from appliance.model.journal import Entry, EntryState, Inverse
from services.object.bucket import NUL, SHELF, owner_of
from storage.objects import trashcan
from storage.objects.store import ObjectStore
from storage.objects.trash import Kept, Trash

BURST_S: Final = 2.0  # a client that deletes many objects asks again sooner than a person
BURST_MAX_S: Final = 60.0  # and what is one entry has one end
_BURSTS_MAX: Final = 1000
_SETTLE_S: Final = 0.25  # entries of a burst are written together
_LOOK_S: Final = 1.0  # whether the process is to end
_MIB: Final = 1 << 20

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Burst:
    """What somebody is deleting just now."""

    to: Trash
    began_s: float
    last_s: float
    names: set[str]


class Bin:
    """Decides what is kept, for how long and under which entry; may be asked by many threads.

    `let_go` frees room on the store's disks that others hold (images in the trash).
    """

    def __init__(
        self, settings: config.Settings, *, let_go: Callable[[], bool] = lambda: False
    ) -> None:
        self._settings = settings.trash
        self._folder = settings.home
        self._let_go = let_go
        self._lock = threading.Lock()
        self._bursts: dict[tuple[str, str, str, bool], _Burst] = {}
        self._changed: set[tuple[str, str]] = set()
        self._emptied: set[str] = set()
        self.is_changed = threading.Event()

    @property
    def until_s(self) -> int:
        """The end of what is deleted now, in seconds since 1970."""
        return int(time.time() + self._settings.kept_s)

    def trash(
        self, account: str, container: str, name: str = "", *, is_mark: bool = False
    ) -> Trash | None:
        """Where what the present request deletes goes; None: it is gone for good."""
        ctx = context.current.get()
        if ctx is None or not self._keeps(ctx):
            return None
        key, now_s = (ctx.user_id, account, container, is_mark), time.monotonic()
        with self._lock:
            burst = self._bursts.get(key) if name else None
            if burst is None or name in burst.names or not _is_going_on(burst, now_s):
                burst = _Burst(self._new(ctx, account, is_mark=is_mark), now_s, now_s, set())
            burst.last_s = now_s
            burst.names.add(name)
            if name:
                self._bursts[key] = burst
            while len(self._bursts) > _BURSTS_MAX:
                del self._bursts[next(iter(self._bursts))]
        self.changed(account, container)
        return burst.to

    def make_room(self) -> bool:
        """Have others free what they hold on the store's disks; whether there was anything."""
        return self._let_go()

    def emptied(self, entries: Iterable[str]) -> None:
        """Take note of entries whose bytes are gone."""
        with self._lock:
            self._emptied.update(entries)
        self.is_changed.set()

    def changed(self, account: str, container: str) -> None:
        """Take note of a container whose trash is another now."""
        with self._lock:
            self._changed.add((account, container))
        self.is_changed.set()

    def end(self, entry: str) -> None:
        """Let nothing more be deleted under an entry: it is turned over."""
        with self._lock:
            for key in [key for key, burst in self._bursts.items() if burst.to.entry == entry]:
                del self._bursts[key]

    def take(self) -> tuple[set[tuple[str, str]], set[str]]:
        """What changed since the last time: containers, and entries whose bytes are gone."""
        self.is_changed.clear()
        with self._lock:
            changed, self._changed = self._changed, set()
            emptied, self._emptied = self._emptied, set()
        return changed, emptied

    @property
    def is_short(self) -> bool:
        """Whether the disk has less room than the settings want free: then nothing is kept."""
        return shutil.disk_usage(self._folder).free < self._settings.free_mib * _MIB

    def _keeps(self, ctx: context.RequestContext) -> bool:
        is_own_service = ctx.is_system or (ctx.is_service and not ctx.is_admin)
        return self._settings.kept_s > 0 and not is_own_service and not self.is_short

    def _new(self, ctx: context.RequestContext, account: str, *, is_mark: bool) -> Trash:
        note = {
            "is_mark": is_mark,
            "at": clock.stamp(), "user_id": ctx.user_id, "user_name": ctx.user_name,
            "client": ctx.client,
            "project_id": owner_of(account), "request_id": ctx.request_id,
        }  # fmt: skip
        return Trash(entry=ids.new_uuid(), until_s=self.until_s, note=json.dumps(note))


class Recorder:
    """Writes the journal from the store's trash, and lets go of what is over."""

    def __init__(self, store: ObjectStore, db: connection.Database, rubbish: Bin) -> None:
        self._store = store
        self._db = db
        self._bin = rubbish

    def run(self, is_over: threading.Event) -> None:
        """Write what a killed process did not; then all that changes, until `is_over`."""
        is_behind = True
        while True:
            try:
                if is_behind:
                    self.catch_up()
                self.record()
                is_behind = False
            except Exception:  # the thread's outermost frame: the store has what is missing
                log.exception("object store: the journal was not written, the next round will")
                is_behind = True
            if is_over.is_set():
                self._db.close()
                return
            while not (self._bin.is_changed.wait(_LOOK_S) or is_over.is_set() or is_behind):
                pass
            is_over.wait(_SETTLE_S)

    def catch_up(self) -> None:
        """Write every entry of the trash that the journal lacks."""
        self._write([(account, container, kept) for account, container, kept in self._kept()])

    def record(self) -> None:
        """Write what changed since the last time."""
        changed, emptied = self._bin.take()
        found: list[tuple[str, str, Kept]] = []
        for account, container in changed:
            rows = trashcan.of_name(self._store, account, container)
            found += [(account, container, kept) for kept in rows]
        self._write(found)
        if emptied:
            with self._db.transaction() as tx:
                for entry in emptied:
                    journal.expire_entry(tx, entry)

    def look(self) -> None:
        """Let go of what is over; of everything where the disk is short of room."""
        now_s = trashcan.EVER if self._bin.is_short else int(time.time())
        self._bin.emptied(trashcan.empty(self._store, now_s))

    def _kept(self) -> Iterable[tuple[str, str, Kept]]:
        return trashcan.kept(self._store)

    def _write(self, found: list[tuple[str, str, Kept]]) -> None:
        entries = [_entry(*each) for each in found if each[2].note and _is_done(each[2])]
        if entries:
            with self._db.transaction() as tx:
                for entry in sorted(entries, key=lambda entry: entry.at):
                    journal.put(tx, entry)


def _is_going_on(burst: _Burst, now_s: float) -> bool:
    return now_s - burst.last_s < BURST_S and now_s - burst.began_s < BURST_MAX_S


def is_mark(note: str) -> bool:
    """Whether what is noted so is a delete marker: it goes when its deletion is undone."""
    return bool(json.loads(note).get("is_mark"))


def _is_done(kept: Kept) -> bool:
    return kept.is_back == is_mark(kept.note)


def _entry(account: str, container: str, kept: Kept) -> Entry:
    said = json.loads(kept.note)
    is_version = account.startswith(SHELF) and not is_mark(kept.note)
    what = f"{container}/{kept.name.partition(NUL)[0]}" if kept.objects == 1 else container
    many = f"{kept.objects} {'versions of objects' if is_version else 'objects'} of {container}"
    action = "object.delete_version" if is_version else "object.delete"
    return Entry(
        id=kept.entry, at=said["at"], user_id=ids.UserId(said["user_id"]),
        user_name=said["user_name"], client=said.get("client", ""),
        project_id=ids.ProjectId(said["project_id"]),
        action=action if kept.objects else "container.delete",
        object_id=what, name=many if kept.objects > 1 else what,
        request_id=ids.RequestId(said["request_id"]), state=EntryState.DONE,
        inverse=Inverse(
            verb="object.again" if is_mark(kept.note) else "object.restore",
            args={"account": account, "container": container},
        ),
        undo_until=clock.stamp(kept.until_s), reason="", of_id=None, changed_at=said["at"],
    )  # fmt: skip
