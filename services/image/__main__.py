"""The image worker's process: `python -m services.image [once]`."""

from appliance import worker
from services.image import stores, tasks
from services.image.data import Data
from services.image.login import Login
from services.image.manager import Manager


def main() -> None:
    """Serve the topic `image`."""
    once = worker.wants_once("image")
    frame = worker.start("image", per_host=False)
    by_name = stores.open_stores(frame.settings, Login(frame.settings).account)
    manager = Manager(frame.db, Data(frame.settings, frame.db, by_name))
    frame.run(tasks.steps(manager), sweep=lambda: tasks.due(manager), once=once)


if __name__ == "__main__":
    main()
