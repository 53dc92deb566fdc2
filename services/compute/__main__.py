"""The compute worker's process: `python -m services.compute [once|shutdown|clear]`."""

import argparse

from appliance import config, kvm, worker
from appliance.glance import Glance
from services.compute import answers, libvirtd, tasks, undo
from services.compute.broker import Broker
from services.compute.builder import Builder
from services.compute.driver import ComputeDriver
from services.compute.fake import Fake
from services.compute.folders import Folders
from services.compute.libvirt import Libvirt
from services.compute.manager import Manager
from services.compute.reconcile import Reconciler

REFRESH_S = 30.0  # of the network worker, after a reboot with many taps to make


def main() -> None:
    """Serve `compute.<host>`; or switch all guests off (shutdown); or remove them (clear)."""
    parser = argparse.ArgumentParser(prog="python -m services.compute")
    parser.add_argument("mode", nargs="?", choices=["once", "shutdown", "clear"])
    mode = parser.parse_args().mode
    settings = config.load()
    driver = open_driver(settings)
    if mode in ("shutdown", "clear"):
        (undo.shutdown if mode == "shutdown" else undo.clear)(settings, driver)
        return
    driver.resources()  # the worker counts as started only when its hypervisor answers
    serve(worker.start("compute", per_host=True), driver, once=mode == "once")


def open_driver(settings: config.Settings) -> ComputeDriver:
    """The hypervisor that the settings name."""
    folder = settings.home / "compute"
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    if settings.compute.driver == "fake":
        return Fake(folder / "fake")
    return Libvirt(
        libvirtd.uri(settings),
        virt_type=kvm.choose(settings).virt_type,
        owner=str(settings.home),
        disk_folder=folder,
    )


def serve(frame: worker.Worker, driver: ComputeDriver, *, once: bool) -> None:
    """Take steps until SIGTERM, or, with `once`, one round of them."""
    settings, topics = frame.settings, frame.queue
    folders = Folders(settings.home / "compute")
    builder = Builder(settings=settings, db=frame.db, folders=folders, fetch=Glance(settings).fetch)

    def wire() -> None:
        topics.call(f"network.{settings.host}", "refresh", "all", timeout_s=REFRESH_S)

    manager = Manager(
        settings=settings, db=frame.db, topics=topics, driver=driver, builder=builder,
        folders=folders, wire=wire,
    )  # fmt: skip
    reconciler = Reconciler(
        settings=settings, db=frame.db, topics=topics, driver=driver, builder=builder,
        folders=folders, boot_id=kvm.boot(),
    )  # fmt: skip
    broker = Broker(driver, folders, settings.run_dir)

    def look() -> None:
        broker.look()
        reconciler.look()

    if once:
        reconciler.look()
    else:
        broker.start()
    frame.run(
        tasks.steps(frame, manager),
        sweep=lambda: tasks.due(frame),
        beat=look,
        answers=answers.answers(settings, frame.db, driver, folders),
        once=once,
    )


if __name__ == "__main__":
    main()
