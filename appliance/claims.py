"""How a worker takes one step on one row: claim it, work, and never lose a reason."""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol, TypeVar

from appliance import config, errors
from appliance.db import claims, connection

log = logging.getLogger(__name__)

_LOCKS: Final = 64  # two rows that share one only wait a little longer


class Claimed(Protocol):
    """What every claimed row has."""

    @property
    def id(self) -> str:
        """Its key."""
        ...

    @property
    def attempts(self) -> int:
        """How often a step on it was begun since its state last changed."""
        ...


Row = TypeVar("Row", bound=Claimed)
Row_co = TypeVar("Row_co", bound=Claimed, covariant=True)
Due = TypeVar("Due")


class Rows(Protocol[Row_co]):
    """A table whose rows are claimed: the modules `instances`, `volumes`, `snapshots`."""

    @property
    def NOUN(self) -> str:  # noqa: N802  # a module's constant
        """What a row is called."""
        ...

    @property
    def TABLE(self) -> str:  # noqa: N802  # a module's constant
        """The table's name."""
        ...

    @property
    def claim(self) -> Callable[..., Row_co | None]:
        """Take a row for one step, if one of the given states is due."""
        ...


class Claimer:
    """Claims for one worker process; `owner` is its topic and pid."""

    def __init__(self, db: connection.Database, settings: config.Queue, *, owner: str) -> None:
        self._db = db
        self._settings = settings
        self._owner = owner
        self._locks = tuple(threading.Lock() for _ in range(_LOCKS))

    def step(
        self,
        rows: Rows[Row],
        row_id: str,
        *due: Due,
        work: Callable[[Row], None],
        give_up: Callable[[Row, Exception], None],
    ) -> None:
        """Run `work` on the row if one of the states `due` is what it is in, alone on that row.

        - The row is not due, or another worker has it: nothing happens.
        - `work` raises Superseded: somebody (a delete) overtook us, and its own step comes next.
        - `work` raises Unavailable: the row stays due; the sweep tries again, `attempts_max` times,
          and, where a person only paused what is needed (Paused), until that is over.
        - anything else: `give_up` writes the fault; the error goes on to the trace and the log.

        Two steps on one row never run at once in this process, whatever claims say: a delete
        waits for the spawn it overtook.
        """
        with self._locks[hash(row_id) % _LOCKS]:
            row = self._claim(rows, row_id, due)
            if row is None:
                log.debug("%s %s: %s is not due", rows.NOUN, row_id, "/".join(map(str, due)))
                return
            self._take(rows, row, work, give_up)

    def _claim(self, rows: Rows[Row], row_id: str, due: Sequence[Due]) -> Row | None:
        with self._db.transaction() as tx:
            return rows.claim(tx, row_id, due, owner=self._owner, for_s=self._settings.claim_s)

    def _take(
        self,
        rows: Rows[Row],
        row: Row,
        work: Callable[[Row], None],
        give_up: Callable[[Row, Exception], None],
    ) -> None:
        try:
            self._check_attempts(rows, row)
            with self._renewing(rows.TABLE, row.id):
                work(row)
        except errors.Superseded as late:
            log.info("%s %s: overtaken: %s", rows.NOUN, row.id, late)
        except errors.Paused:
            with self._db.transaction() as tx:
                claims.keep_trying(tx, rows.TABLE, row.id)
            self._release(rows.TABLE, row.id)
            raise
        except errors.Unavailable:
            self._release(rows.TABLE, row.id)
            raise
        except Exception as error:
            with contextlib.suppress(errors.Superseded):  # a delete came first: nothing to say
                give_up(row, error)
            raise
        else:
            self._release(rows.TABLE, row.id)

    def _check_attempts(self, rows: Rows[Row], row: Row) -> None:
        """A step that never came to an end, not even to an error, has killed its workers."""
        if row.attempts > self._settings.attempts_max:
            raise errors.HostError(
                f"{rows.NOUN} {row.id}: this step was tried {row.attempts - 1} times "
                f"and never finished"
            )

    def _release(self, table: str, row_id: str) -> None:
        with self._db.transaction() as tx:
            claims.release(tx, table, row_id, owner=self._owner)

    @contextlib.contextmanager
    def _renewing(self, table: str, row_id: str) -> Iterator[None]:
        """Renew the claim while the step works, however long that is."""
        done = threading.Event()
        every_s = self._settings.claim_s / 3

        def renew() -> None:
            while not done.wait(every_s):
                with self._db.transaction() as tx:
                    claims.renew(tx, table, row_id, owner=self._owner, for_s=self._settings.claim_s)
            self._db.close()

        thread = threading.Thread(target=renew, name=f"claim-{row_id[:8]}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
