"""The image worker's process: `python -m services.image [once]`."""

from appliance import keystone, worker
from services.image import answers, stores, tasks
from services.image.data import Data
from services.image.imports import Imports
from services.image.manager import Manager
from services.image.sources import Sources
from services.image.trash import Trash
from storage.images import swift


def main() -> None:
    """Serve the topic `image`."""
    once = worker.wants_once("image")
    frame = worker.start("image", per_host=False)
    session = keystone.Session(frame.settings, "glance")

    def account() -> swift.Access:
        return _account(session)

    data = Data(frame.settings, frame.db, stores.open_stores(frame.settings, account))
    manager = Manager(
        frame.db,
        data,
        Imports(frame.settings, frame.db, data, objects=Sources(account)),
        Trash(frame.settings, frame.db),
    )
    frame.run(
        tasks.steps(manager),
        sweep=lambda: tasks.due(manager),
        answers=answers.answers(frame.db, data),
        once=once,
    )


def _account(session: keystone.Session) -> swift.Access:
    """Where the cloud's images are in the object store, with a token that may write there.

    One that is refused is had anew: its key may have been rotated away.
    """
    token = session.token()
    return swift.Access(
        url=token.url("object-store"),
        headers={"X-Auth-Token": token.id},
        forget=lambda: session.invalidate(token),
    )


if __name__ == "__main__":
    main()
