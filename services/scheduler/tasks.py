"""What the queue may ask of the scheduler: one step, which may run twice."""

from collections.abc import Iterator

from appliance import queue
from appliance.db import instances, stateful
from appliance.model.states import TaskState
from appliance.worker import Worker
from services.scheduler.manager import Manager


def steps(worker: Worker, manager: Manager) -> dict[str, queue.Step]:
    """Step name to function of the instance's id."""

    def select_host(instance_id: str) -> None:
        worker.claims.step(
            instances,
            instance_id,
            TaskState.SCHEDULING,
            work=manager.place,
            give_up=manager.give_up,
        )

    return {"select_host": select_host}


def due(worker: Worker) -> Iterator[queue.Due]:
    """Instances that wait for a host and that nobody holds."""
    for instance in instances.unfinished(worker.db, [TaskState.SCHEDULING]):
        yield "select_host", instance.id, stateful.resume(instance)
