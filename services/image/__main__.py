"""The image worker's process: `python -m services.image [once]`."""

from appliance import keystone, worker
from services.image import stores, tasks
from services.image.data import Data
from services.image.manager import Manager


def main() -> None:
    """Serve the topic `image`."""
    once = worker.wants_once("image")
    frame = worker.start("image", per_host=False)
    session = keystone.Session(frame.settings, "glance")
    by_name = stores.open_stores(frame.settings, lambda: _account(session))
    manager = Manager(frame.db, Data(frame.settings, frame.db, by_name))
    frame.run(tasks.steps(manager), sweep=lambda: tasks.due(manager), once=once)


def _account(session: keystone.Session) -> tuple[str, str]:
    """Where the cloud's images are in the object store, and a token that may write there."""
    token = session.token()
    return token.url("object-store"), token.id


if __name__ == "__main__":
    main()
