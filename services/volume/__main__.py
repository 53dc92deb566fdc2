"""The volume worker's process: `python -m services.volume [once|shutdown|clear|explain]`."""

import argparse

from appliance import config, glance, worker
from services.volume import answers, backends, tasks
from services.volume.alone import Alone
from services.volume.attachments import Attachments
from services.volume.doing import as_volume_error
from services.volume.image_copy import ImageCopy
from services.volume.manager import Manager
from services.volume.reconcile import Reconciler
from services.volume.trash import Trash
from storage.blocks.export import Exporter
from storage.blocks.pool import Pool


def main() -> None:
    """Serve `volume.<host>`; or take all exports away (shutdown), and all volumes (clear); or say
    how volumes are exported here, and why (explain).
    """
    parser = argparse.ArgumentParser(prog="python -m services.volume")
    parser.add_argument("mode", nargs="?", choices=["once", "shutdown", "clear", "explain"])
    mode = parser.parse_args().mode
    settings = config.load()
    if mode == "explain":
        print(backends.explain(settings))
        return
    with as_volume_error():
        pool, exporter = backends.pool(settings), backends.exporter(settings)
        if mode in ("shutdown", "clear"):
            exporter.stop()
            if mode == "clear":
                pool.clear()
            return
        exporter.start()  # the worker counts as started only when guests can be served
    frame = worker.start("volume", per_host=True)
    serve(frame, pool, exporter, fetch=glance.Glance(settings).fetch, once=mode == "once")


def serve(
    frame: worker.Worker, pool: Pool, exporter: Exporter, *, fetch: glance.Fetch, once: bool
) -> None:
    """Take steps until SIGTERM, or, with `once`, one round of them."""
    settings, db, alone = frame.settings, frame.db, Alone()
    images = ImageCopy(pool, fetch=fetch, folder=settings.home / "volume" / "incoming")
    attachments = Attachments(
        settings=settings, db=db, topics=frame.queue, pool=pool, exporter=exporter, alone=alone
    )
    manager = Manager(
        settings=settings, db=db, topics=frame.queue, pool=pool, exporter=exporter, images=images,
        alone=alone,
    )  # fmt: skip
    trash = Trash(settings=settings, db=db, topics=frame.queue, pool=pool)

    def look() -> None:
        trash.look()
        reconciler.look()

    reconciler = Reconciler(
        settings=settings, db=db, pool=pool, exporter=exporter, images=images,
        attachments=attachments, alone=alone,
    )  # fmt: skip
    if once:
        look()
    frame.run(
        tasks.steps(frame, manager, attachments, trash),
        sweep=lambda: tasks.due(frame, attachments),
        beat=look,
        answers=answers.answers(settings, db, pool, exporter),
        once=once,
    )


if __name__ == "__main__":
    main()
