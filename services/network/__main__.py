"""The network worker's process: `python -m services.network [once | clear]`."""

import sys
from functools import partial
from pathlib import Path

from appliance import config, errors, worker
from services.network import about, tasks
from services.network.driver import NetworkDriver
from services.network.fake import FakeDriver
from services.network.fetches import Fetches
from services.network.manager import Gateways, Manager
from services.network.metadata_server import MetadataServer


def main() -> None:
    """Serve the topic `network.<host>` and the metadata service; or clear the host."""
    if sys.argv[1:] == ["clear"]:
        driver(config.load()).clear()
        return
    once = worker.wants_once("network")
    frame = worker.start("network", per_host=True)
    manager = Manager(
        settings=frame.settings,
        db=frame.db,
        queue=frame.queue,
        driver=driver(frame.settings),
        gateways=_no_gateways if once else _metadata(frame),
    )
    frame.run(tasks.steps(frame, manager), sweep=lambda: tasks.due(frame, manager), once=once)


def driver(settings: config.Settings) -> NetworkDriver:
    """The driver that the settings name; pyroute2 is loaded for the real one only.

    Raises ConfigError for another name.
    """
    folder: Path = settings.home / "network"
    if settings.network.driver == "fake":
        return FakeDriver(folder)
    if settings.network.driver == "linux":
        from services.network.linux import LinuxDriver

        return LinuxDriver(folder)
    raise errors.ConfigError(f"network.driver {settings.network.driver!r}: known: linux, fake")


def _metadata(frame: worker.Worker) -> Gateways:
    """The metadata service; a fake host has no addresses to listen on."""
    if frame.settings.network.driver == "fake":
        return _no_gateways
    server = MetadataServer(
        port=frame.settings.network.metadata_port,
        lookup=partial(about.find, frame.db, zone=frame.settings.compute.zone),
        on_fetch=Fetches(frame.db).note,
    )
    return server.listen


def _no_gateways(_: object) -> None:
    """Nobody listens."""


if __name__ == "__main__":
    main()
