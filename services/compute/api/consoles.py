"""Consoles: what a request may ask of a guest's serial line, which `broker.py` has."""

import json
import os
import re
import socket
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from appliance import context, errors, policy, run_sockets
from appliance.db import connection, instances
from services.compute import console

INPUT_BYTES_MAX: Final = 64 << 10  # of one call: a paste; more is sent as several
PATIENCE_S: Final = 4.0  # a compute worker that was killed is back in two
_ANSWER_S: Final = 15.0  # a guest has five seconds to take what is typed, behind one before it
_PAUSE_S: Final = 0.05
_NAME: Final = "console.broker"
_MESSAGE_BYTES_MAX: Final = 64 << 10
_SESSION: Final = re.compile(r"[\w.~-]{1,64}", re.ASCII)


class Opened:
    """A console's log, open, with what there was to show of it then.

    `place` is where to read on.
    """

    def __init__(self, fd: int, *, since: int | None, tail: int | None) -> None:
        self.fd = fd
        self.kept = console.kept(fd)
        is_kept = since is not None and self.kept.start <= since <= self.kept.end
        self.place = since if since is not None and is_kept else self.kept.start
        if tail is not None:
            self.place = max(self.place, self.kept.end - tail)

    def read(self, place: int, size_bytes: int) -> bytes | None:
        """See `console.read`."""
        return console.read(self.fd, place, size_bytes)

    def is_over(self) -> bool:
        """Whether no more will come: the instance is deleted, or its log is another one now."""
        return console.is_over(self.fd)

    def close(self) -> None:
        """Let go of the log; also done when this is forgotten."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    __del__ = close


@dataclass(frozen=True, slots=True, kw_only=True)
class Consoles:
    """The verbs; may be used by many threads. `session` is the random id of one who writes.

    All raise NotFound for an instance that the caller may not see, Conflict for one that is not
    started, and Unavailable when the compute worker is not there.
    """

    db: connection.Database
    run_dir: Path

    def open(
        self,
        ctx: context.RequestContext,
        instance_id: str,
        *,
        since: int | None = None,
        tail: int | None = None,
    ) -> Opened:
        """What the guest printed and prints: from the place `since`, if that is kept, else from
        the first that is; but no more than `tail` bytes of what it had printed until now.
        """
        policy.check(ctx, "novabox:read_console")
        _, (fd, *_) = self._ask(ctx, "open", instance_id)
        return Opened(fd, since=since, tail=tail)

    def write(
        self,
        ctx: context.RequestContext,
        instance_id: str,
        data: bytes,
        *,
        session: str,
        is_forced: bool = False,
    ) -> None:
        """Type `data`; with nothing, only have the line open in time (and by force be the writer).

        Raises TooLarge; Conflict when somebody else writes (and not `is_forced`), or the guest is
        off or does not take it.
        """
        policy.check(ctx, "novabox:write_console")
        if len(data) > INPUT_BYTES_MAX:
            raise errors.TooLarge(f"{len(data)} bytes at once: at most {INPUT_BYTES_MAX} are typed")
        self._ask(ctx, "write", instance_id, data, session=session, is_forced=is_forced)

    def send_break(
        self,
        ctx: context.RequestContext,
        instance_id: str,
        *,
        session: str,
        is_forced: bool = False,
    ) -> None:
        """Send a break. Raises as `write`."""
        policy.check(ctx, "novabox:write_console")
        self._ask(ctx, "break", instance_id, session=session, is_forced=is_forced)

    def send_ctrl_alt_del(
        self,
        ctx: context.RequestContext,
        instance_id: str,
        *,
        session: str,
        is_forced: bool = False,
    ) -> None:
        """Press Ctrl+Alt+Del on the guest's keyboard. Raises as `write`."""
        policy.check(ctx, "novabox:write_console")
        self._ask(ctx, "ctrl-alt-del", instance_id, session=session, is_forced=is_forced)

    def release(self, ctx: context.RequestContext, instance_id: str, *, session: str) -> None:
        """Write no more: somebody else may at once."""
        policy.check(ctx, "novabox:write_console")
        self._ask(ctx, "release", instance_id, session=session)

    def _ask(
        self,
        ctx: context.RequestContext,
        verb: str,
        instance_id: str,
        data: bytes = b"",
        **more: Any,
    ) -> tuple[dict[str, Any], list[int]]:
        instance = instances.get_visible(self.db, instance_id, ctx)
        session = more.get("session", "-")
        if not _SESSION.fullmatch(session):
            raise errors.BadRequest("X-Console-Session is up to 64 letters, digits, '.', '~', '-'.")
        if instance.host is None:
            raise errors.Conflict(f"Instance {instance_id} is not ready")
        asked = {"verb": verb, "instance": instance.id, "writer": ctx.user_name, **more}
        said, files = self._exchange(json.dumps(asked).encode() + b"\n" + data)
        if said["status"] == HTTPStatus.OK:
            return said, files
        kind = errors.Conflict if said["status"] == HTTPStatus.CONFLICT else errors.Unavailable
        raise kind(f"Console of instance {instance_id}: {said['reason']}.")

    def _exchange(self, packet: bytes) -> tuple[dict[str, Any], list[int]]:
        """The broker's answer, asked again while its process starts again.

        A question that nobody has read is told from one whose answer is lost, which may have been
        obeyed: only the former is asked again (af_unix.c: unread data make it a reset).
        """
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as peer:
                peer.settimeout(_ANSWER_S)
                try:
                    with run_sockets.address(self.run_dir, _NAME) as address:
                        peer.connect(address)
                    peer.sendall(packet)
                    answer, files, _, _ = socket.recv_fds(peer, _MESSAGE_BYTES_MAX, 1)
                except TimeoutError as error:
                    raise errors.Unavailable("The compute worker takes too long.") from error
                except OSError as error:
                    if time.monotonic() > deadline:
                        raise errors.Unavailable("The compute worker does not answer.") from error
                else:
                    if not answer:
                        raise errors.Unavailable("The compute worker went away; was it typed?")
                    return json.loads(answer), files
            time.sleep(_PAUSE_S)
