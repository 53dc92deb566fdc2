"""The scheduler's process: `python -m services.scheduler [once]`."""

from appliance import worker
from services.scheduler import placement, sampling, tasks
from services.scheduler.manager import Manager


def main() -> None:
    """Serve the topic `scheduler`."""
    once = worker.wants_once("scheduler")
    frame = worker.start("scheduler", per_host=False)
    manager = Manager(db=frame.db, queue=frame.queue, placer=placement.open_placer(frame.settings))
    frame.run(
        tasks.steps(frame, manager), sweep=lambda: tasks.due(frame),
        beat=lambda: sampling.sample(frame.db), once=once,
    )  # fmt: skip


if __name__ == "__main__":
    main()
