"""Undo and redo of what was deleted in the object store, which is another process: asked over the
socket on which it hands objects over. Only processes of this user may ask there.

The store acts first, the journal is turned over after it: a kill in between leaves an entry that
says `done` of what is there again, and the store's next look at its trash puts that right.
"""

import json
import socket
from pathlib import Path
from typing import Any, Final

from appliance import context, errors, run_sockets
from appliance.db import connection, journal
from appliance.model.journal import Entry, Inverse

SOCKET: Final = "object.handover"
_OPPOSITE: Final = {"object.restore": "object.again", "object.again": "object.restore"}
_WAIT_S: Final = 60.0  # thousands of objects come back in one go
_BYTES_MAX: Final = 64 << 10


class ObjectsUndone:
    """Asks the object store of one cloud; may be used by many threads."""

    def __init__(self, db: connection.Database, run_dir: Path) -> None:
        self._db = db
        self._run_dir = run_dir

    def turn(self, ctx: context.RequestContext, entry: Entry, *, is_redo: bool) -> None:
        """Bring back what an entry deleted, or delete it again.

        Raises Gone (not in the trash any more), Conflict (its name was taken since), Unavailable.
        """
        if entry.inverse is None:
            raise errors.Conflict(f"{entry.act.text} {entry.name}: nothing is known to undo it.")
        said = self._ask(ctx, entry, entry.inverse)
        inverse = Inverse(verb=_OPPOSITE[entry.inverse.verb], args=entry.inverse.args)
        with (
            journal.turning(entry.id, is_redo=is_redo),
            self._db.transaction() as tx,
        ):
            journal.note(
                tx, ctx, "object.delete" if is_redo else "object.restore",
                object_id=entry.object_id, name=entry.name, project_id=entry.project_id,
                inverse=None if said.get("is_final") else inverse, undo_until=said.get("until"),
            )  # fmt: skip

    def _ask(self, ctx: context.RequestContext, entry: Entry, inverse: Inverse) -> dict[str, Any]:
        cause, verb = f"{ctx.request_id}/{ctx.hop_id or ''}", inverse.verb.partition(".")[2]
        message = {"verb": verb, **inverse.args, "entry": entry.id, "trace": cause}
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as peer:
                peer.settimeout(_WAIT_S)
                with run_sockets.address(self._run_dir, SOCKET) as address:
                    peer.connect(address)
                peer.send(json.dumps(message).encode())
                said: dict[str, Any] = json.loads(peer.recv(_BYTES_MAX))
        except (OSError, ValueError) as error:
            raise errors.Unavailable(f"the object store does not answer: {error}") from error
        refused = {200: None, 409: errors.Conflict, 410: errors.Gone}.get(
            said["status"], errors.Unavailable
        )
        if refused is not None:
            raise refused(str(said.get("reason", "the object store refused")))
        return said
