"""The network worker's process: `python -m services.network [once | clear]`."""

import importlib.util
import sys
from functools import partial
from pathlib import Path

from appliance import config, errors, worker
from services.network import answers, instance_metadata, tasks
from services.network.driver import NetworkDriver
from services.network.fake import FakeDriver
from services.network.lease_watch import LeaseWatch
from services.network.manager import Gateways, Manager
from services.network.metadata_server import MetadataServer
from services.network.sightings import Sightings


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
        gateways=_no_gateways if once else _meet_guests(frame),
    )
    frame.run(
        tasks.steps(frame, manager),
        sweep=lambda: tasks.due(frame, manager),
        answers=answers.answers(manager),
        once=once,
    )


def driver(settings: config.Settings) -> NetworkDriver:
    """The driver that the settings name; pyroute2 is loaded for the real one only.

    Raises ConfigError for another name.
    """
    if settings.network.driver == "fake":
        return FakeDriver(_folder(settings))
    if settings.network.driver == "linux":
        _spare_protocols()
        from services.network.linux import LinuxDriver

        return LinuxDriver(_folder(settings))
    raise errors.ConfigError(f"network.driver {settings.network.driver!r}: known: linux, fake")


def _spare_protocols() -> None:
    """Have no more of pyroute2 loaded than is asked for: its own first lines, which are not run,
    load all the protocols it knows (6 MiB).
    """
    package = importlib.util.find_spec("pyroute2")
    if package and "pyroute2" not in sys.modules:
        sys.modules["pyroute2"] = importlib.util.module_from_spec(package)


def _meet_guests(frame: worker.Worker) -> Gateways:
    """Start the metadata service and watch for leases; a fake host has no guests."""
    if frame.settings.network.driver == "fake":
        return _no_gateways
    sightings = Sightings(frame.db)
    leases = LeaseWatch(_folder(frame.settings), on_lease=sightings.leased)
    leases.start()

    def fetched(instance_id: str, path: str) -> None:
        leases.look()  # a guest that asks has a lease: that is told first
        sightings.fetched(instance_id, path)

    server = MetadataServer(
        port=frame.settings.network.metadata_port,
        lookup=partial(instance_metadata.find, frame.db, zone=frame.settings.compute.zone),
        on_fetch=fetched,
    )
    return server.listen


def _folder(settings: config.Settings) -> Path:
    return settings.home / "network"


def _no_gateways(_: object) -> None:
    """Nobody listens."""


if __name__ == "__main__":
    main()
