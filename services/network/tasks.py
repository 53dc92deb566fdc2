"""What the queue may ask of this host's network worker; every step may run twice."""

from collections.abc import Iterator

from appliance import queue
from appliance.db import instances, stateful
from appliance.model.states import TaskState, VmState
from appliance.worker import Worker
from services.network.manager import Manager


def steps(worker: Worker, manager: Manager) -> dict[str, queue.Step]:
    """Step name to function of the instance's id (of nothing, for `refresh`)."""

    def go_on(instance_id: str) -> None:
        worker.claims.step(
            instances, instance_id, TaskState.NETWORKING, work=manager.work, give_up=manager.give_up
        )

    def refresh(_: str) -> bool:
        return manager.refresh()

    # what is due is the row's to say: a message that comes late must not wire a failed instance
    return {"allocate": go_on, "release": go_on, "refresh": refresh}


def due(worker: Worker, manager: Manager) -> Iterator[queue.Due]:
    """Instances of this host whose network nobody is working on; if there are none, repair it.

    Their steps bring the host up to date, each as part of its own request.
    """
    host = worker.settings.host
    unfinished = instances.unfinished(worker.db, [TaskState.NETWORKING], host=host)
    for instance in unfinished:
        step = "allocate" if instance.vm_state is VmState.BUILDING else "release"
        yield step, instance.id, stateful.resume(instance)
    if not unfinished:
        manager.repair()
