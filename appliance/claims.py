"""How a worker takes one step on one instance: claim the row, work, and never lose a reason."""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Final

from appliance import config, errors
from appliance.db import connection, instances
from appliance.model import states
from appliance.model.instance import Instance

log = logging.getLogger(__name__)

_LOCKS: Final = 64  # two instances that share one only wait a little longer


class Claimer:
    """Claims for one worker process; `owner` is its topic and pid."""

    def __init__(self, db: connection.Database, settings: config.Queue, *, owner: str) -> None:
        self._db = db
        self._settings = settings
        self._owner = owner
        self._locks = tuple(threading.Lock() for _ in range(_LOCKS))

    def step(
        self,
        instance_id: str,
        *tasks: states.TaskState,
        work: Callable[[Instance], None],
        give_up: Callable[[Instance, Exception], None],
    ) -> None:
        """Run `work` on the instance if one of `tasks` is due, alone on that instance.

        - The row is not due, or another worker has it: nothing happens.
        - `work` raises Superseded: somebody (a delete) overtook us, and its own step comes next.
        - `work` raises Unavailable: the row stays due; the sweep tries again, `attempts_max` times.
        - anything else: `give_up` writes the fault; the error goes on to the trace and the log.

        Two steps on one instance never run at once in this process, whatever claims say: a delete
        waits for the spawn it overtook.
        """
        with self._locks[hash(instance_id) % _LOCKS]:
            instance = self._claim(instance_id, tasks)
            if instance is None:
                log.debug("instance %s: %s is not due", instance_id, "/".join(tasks))
                return
            self._take(instance, work, give_up)

    def _claim(self, instance_id: str, tasks: tuple[states.TaskState, ...]) -> Instance | None:
        with self._db.transaction() as tx:
            return instances.claim(
                tx, instance_id, tasks, owner=self._owner, for_s=self._settings.claim_s
            )

    def _take(
        self,
        instance: Instance,
        work: Callable[[Instance], None],
        give_up: Callable[[Instance, Exception], None],
    ) -> None:
        try:
            self._check_attempts(instance)
            with self._renewing(instance.id):
                work(instance)
        except errors.Superseded as late:
            log.info("instance %s: overtaken: %s", instance.id, late)
        except errors.Unavailable:
            self._release(instance.id)
            raise
        except Exception as error:
            with contextlib.suppress(errors.Superseded):  # a delete came first: nothing to say
                give_up(instance, error)
            raise
        else:
            self._release(instance.id)

    def _check_attempts(self, instance: Instance) -> None:
        """A step that never came to an end, not even to an error, has killed its workers."""
        if instance.attempts > self._settings.attempts_max:
            raise errors.HostError(
                f"instance {instance.id}: {instance.task_state} was tried "
                f"{instance.attempts - 1} times and never finished"
            )

    def _release(self, instance_id: str) -> None:
        with self._db.transaction() as tx:
            instances.release_claim(tx, instance_id, owner=self._owner)

    @contextlib.contextmanager
    def _renewing(self, instance_id: str) -> Iterator[None]:
        """Renew the claim while the step works, however long that is."""
        done = threading.Event()
        every_s = self._settings.claim_s / 3

        def renew() -> None:
            while not done.wait(every_s):
                with self._db.transaction() as tx:
                    instances.renew_claim(
                        tx, instance_id, owner=self._owner, for_s=self._settings.claim_s
                    )
            self._db.close()

        thread = threading.Thread(target=renew, name=f"claim-{instance_id[:8]}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
