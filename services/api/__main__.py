"""The APIs' process: `python -m services.api [bootstrap]`.

What only one of the two needs is imported there: the server is that much smaller, and up sooner.
"""

import argparse
import sys
import threading
from typing import Final

from appliance import bell, config, errors, log, processes, trace
from appliance import queue as topics
from appliance.db import changes, connection, journal, services

TOPIC: Final = "api"
_TRIM_EVERY: Final = 360  # heartbeats: about an hour


def main() -> None:
    """Serve the public APIs; or, with `bootstrap`, make what a new cloud needs and return."""
    parser = argparse.ArgumentParser(prog="python -m services.api")
    parser.add_argument(
        "mode", nargs="?", choices=["bootstrap"], help="make what a new cloud lacks, and exit"
    )
    settings = config.load()
    log.start(settings.log_level)
    run = bootstrap if parser.parse_args().mode else serve
    try:
        run(settings)
    except errors.ConfigError as error:
        sys.exit(f"{settings.home / 'novabox.toml'}: {error}")


def bootstrap(settings: config.Settings) -> None:
    """Tables, users, flavors, the first network, and the certificate for bundles, where they are
    missing. May run twice.

    Raises ConfigError for stores of images that cannot be opened: every start comes by here.
    """
    from appliance.db import migrations
    from services.compute import api as compute
    from services.identity import api as identity
    from services.image import certificate, store_settings
    from services.network import api as network

    store_settings.check(settings)
    migrations.migrate(settings.home)
    db = connection.open_db(settings.home)
    identity.bootstrap(settings, db)
    compute.bootstrap(db)
    network.bootstrap(settings, db)
    certificate.ensure(settings.etc_dir)


def serve(settings: config.Settings) -> None:
    """Answer until SIGTERM; requests under way are finished, event streams end."""
    from services.api import app
    from services.http import server

    trace.start(settings.home, TOPIC, hops_max=settings.trace.hops_max)
    db = connection.open_db(settings.home, ringer=bell.Ringer(settings.run_dir))
    api = app.build(settings, db, topics.Queue(settings))
    with db.transaction() as tx:
        services.register(tx, TOPIC, name=TOPIC, host=settings.host)
    threading.Thread(
        target=_beat, args=(db, settings.queue.sweep_s), name="beat", daemon=True
    ).start()
    api.events.start()
    server.serve(
        api.application,
        address=settings.api.address,
        port=settings.api.port,
        on_stop=api.close,
        has_websockets=True,
    )


def _beat(db: connection.Database, every_s: float) -> None:
    """Say now and then that we live; forget changes that nobody resumes from any more."""
    pause = threading.Event()
    beats = 0
    while not pause.wait(every_s):
        beats += 1
        with db.transaction() as tx:
            services.seen(tx, TOPIC)
            if beats % _TRIM_EVERY == 0:
                changes.trim(tx)
                journal.trim(tx)
        processes.give_memory_back()


if __name__ == "__main__":
    main()
