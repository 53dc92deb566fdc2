"""Exports by tgt, which serves iSCSI from user space where the kernel cannot.

What it shows is kept in the memory of one tgtd of our own, and gone with it: `show` starts it.
"""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from storage.blocks import lock
from storage.blocks.errors import BlockError, Busy
from storage.blocks.export import IQN_PREFIX, Export, Shown
from storage.blocks.tgtd import Code, Mode, Op, Refused, Tgtd

DISK: Final = 1  # tgt keeps LUN 0 for a controller
_CLOSE_S: Final = 30.0  # a write that the disk has not finished delays the end of its session
_UNFIT: Final = re.compile(r"[,\0\n]")  # tgt's separator, and ends of text and line


@dataclass(slots=True)
class _Target:
    """One target, as tgtd describes it."""

    tid: int
    iqn: str
    serials: dict[int, str] = field(default_factory=dict)  # by LUN
    path: str = ""
    accounts: list[str] = field(default_factory=list)
    initiators: list[str] = field(default_factory=list)  # that may log in
    sessions: list[tuple[int, str]] = field(default_factory=list)  # id, initiator
    connections: list[tuple[int, int]] = field(default_factory=list)  # session's id, own id

    @property
    def mark(self) -> str:
        """The fingerprint that `_make` wrote last; empty when it did not come so far."""
        serial = self.serials.get(0, "")
        return serial if len(serial) == 32 and self.initiators else ""


class Tgt:
    """Exporter that keeps the socket and the log of its tgtd in `folder`."""

    def __init__(self, folder: Path, *, address: str, port: int) -> None:
        self._folder = folder
        self._tgtd = Tgtd(folder, address=address, port=port)

    def start(self) -> None:
        """Have tgtd run, listening at the portal and nowhere else."""
        with lock.held(self._folder):
            self._tgtd.start()

    def show(self, export: Export) -> Shown:
        """Have the target. Its controller's serial number says what it was made from."""
        with lock.held(self._folder):
            self._tgtd.start()
            there = self._targets().get(export.iqn)
            if there is None or there.mark != export.fingerprint:
                self._tidy(also=export.iqn)
                self._make(export)
        return Shown(lun=DISK, path=export.path)

    def withdraw(self, volume_id: str) -> None:
        """Let nobody log in any more, close what is open, remove the target."""
        with self._running() as is_running:
            if is_running:
                self._tidy(also=IQN_PREFIX + volume_id)

    def shown(self) -> Mapping[str, Shown]:
        """The targets that are whole."""
        with self._running() as is_running:
            targets = self._targets() if is_running else {}
        return {
            iqn.removeprefix(IQN_PREFIX): Shown(lun=DISK, path=Path(target.path))
            for iqn, target in targets.items()
            if target.mark
        }

    def sessions(self, volume_id: str) -> tuple[str, ...]:
        """The initiators' names."""
        with self._running() as is_running:
            target = self._targets().get(IQN_PREFIX + volume_id) if is_running else None
        return tuple(name for _, name in target.sessions) if target else ()

    def stop(self) -> None:
        """Remove the targets, end tgtd."""
        with self._running() as is_running:
            if is_running:
                for target in self._targets().values():
                    self._remove(target)
                self._tgtd.end()

    @contextmanager
    def _running(self) -> Iterator[bool]:
        with lock.held(self._folder):
            yield self._tgtd.pid() is not None

    def _targets(self) -> dict[str, _Target]:
        found = _parse(self._tgtd.ask(Mode.TARGET, Op.SHOW, tid=-1))
        return {target.iqn: target for target in found if target.iqn.startswith(IQN_PREFIX)}

    def _make(self, export: Export) -> None:
        """Make the target. The initiator may log in only when all else is there: a target without
        an account would let it in without a password.

        tgt's `rdwr` writes into the page cache and says so to the initiator (write cache enabled),
        and answers SYNCHRONIZE CACHE after fdatasync: what a guest flushed survives power loss,
        and what it only wrote survives the end of tgtd.
        """
        for text in (str(export.path), export.initiator, export.username, export.password):
            if _UNFIT.search(text):
                raise BlockError(f"volume {export.volume_id}: tgt takes no commas in names")
        taken = {target.tid for target in _parse(self._tgtd.ask(Mode.TARGET, Op.SHOW, tid=-1))}
        tid = next(number for number in range(1, len(taken) + 2) if number not in taken)
        user = f"user={export.username}"
        path = f"path={export.path},bstype=rdwr"
        steps = (
            (Mode.TARGET, Op.NEW, 0, f"targetname={export.iqn}"),
            (Mode.DEVICE, Op.NEW, DISK, path),
            (Mode.DEVICE, Op.UPDATE, DISK, f"scsi_sn={export.volume_id},vendor_id=novabox"),
            (Mode.ACCOUNT, Op.NEW, 0, f"{user},password={export.password}"),
            (Mode.ACCOUNT, Op.BIND, 0, user),
            (Mode.TARGET, Op.BIND, 0, f"initiator-name={export.initiator}"),
            (Mode.DEVICE, Op.UPDATE, 0, f"scsi_sn={export.fingerprint}"),
        )
        try:
            for mode, op, lun, text in steps:
                self._tgtd.ask(mode, op, tid=tid, lun=lun, text=text)
        except BlockError as error:
            tried = {"path": str(export.path), "iqn": export.iqn, "user": export.username}
            self._tidy(also=export.iqn)
            raise BlockError(f"volume {export.volume_id}: {error}", tried=tried) from error

    def _tidy(self, *, also: str) -> None:
        """Remove target `also`, those that are not whole, and accounts that nobody uses."""
        for target in self._targets().values():
            if target.iqn == also or not target.mark:
                self._remove(target)
        used = {name for target in self._targets().values() for name in target.accounts}
        for line in self._tgtd.ask(Mode.ACCOUNT, Op.SHOW).splitlines()[1:]:
            if line.strip() not in used:
                self._tgtd.ask(Mode.ACCOUNT, Op.DELETE, text=f"user={line.strip()}")

    def _remove(self, target: _Target) -> None:
        """Remove one target. Not by force: tgtd ends itself when a session has work left then."""
        for name in target.initiators:
            self._tgtd.ask(Mode.TARGET, Op.UNBIND, tid=target.tid, text=f"initiator-name={name}")
        deadline = time.monotonic() + _CLOSE_S
        while not self._is_removed(target.tid):
            if time.monotonic() > deadline:
                raise Busy(f"{target.iqn}: its sessions did not end within {_CLOSE_S:g} s")
            time.sleep(0.02)

    def _is_removed(self, tid: int) -> bool:
        for target in self._targets().values():
            if target.tid == tid:
                for session, connection in target.connections:
                    self._close(tid, session, connection=connection)
        try:
            self._tgtd.ask(Mode.TARGET, Op.DELETE, tid=tid)
        except Refused as error:
            if error.code in (Code.TARGET_ACTIVE, Code.LUN_ACTIVE):
                return False
            raise
        return True

    def _close(self, tid: int, session: int, *, connection: int) -> None:
        try:
            self._tgtd.ask(Mode.CONNECTION, Op.DELETE, tid=tid, sid=session, cid=connection)
        except Refused as error:
            if error.code not in (Code.NO_SESSION, Code.NO_CONNECTION):
                raise


def _parse(text: str) -> list[_Target]:
    """Read what tgtd says to `--op show` (tgt 1.0.85, usr/target.c, tgt_target_show_all)."""
    targets: list[_Target] = []
    section = ""
    lun = session = 0
    for line in text.splitlines():
        key, _, value = line.strip().partition(": ")
        if line.startswith("Target "):
            targets.append(_Target(tid=int(key.removeprefix("Target ")), iqn=value))
            continue
        target = targets[-1]
        if line.endswith(" information:"):
            section = key
        elif section == "Account information:":
            target.accounts.append(line.strip())
        elif section == "ACL information:":
            target.initiators.append(line.strip())
        elif key == "I_T nexus":
            session = int(value)
        elif key == "Initiator":
            target.sessions.append((session, value.partition(" ")[0]))
        elif key == "Connection":
            target.connections.append((session, int(value)))
        elif key == "LUN":
            lun = int(value)
        elif key == "SCSI SN":
            target.serials[lun] = value.strip()
        elif key == "Backing store path" and lun == DISK:
            target.path = value
    return targets
