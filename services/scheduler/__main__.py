"""The scheduler's process: `python -m services.scheduler [once]`."""

from appliance import worker
from services.scheduler import driver, tasks
from services.scheduler.manager import Manager


def main() -> None:
    """Serve the topic `scheduler`."""
    once = worker.wants_once("scheduler")
    frame = worker.start("scheduler", per_host=False)
    settings = frame.settings.scheduler
    manager = Manager(
        settings=settings, db=frame.db, queue=frame.queue, chooser=driver.load(settings.driver)
    )
    frame.run(tasks.steps(frame, manager), sweep=lambda: tasks.due(frame), once=once)


if __name__ == "__main__":
    main()
