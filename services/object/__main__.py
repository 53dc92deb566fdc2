"""The object store's process: `python -m services.object [once]`.

Beside requests, a thread looks after the store: it tidies up at the start, removes expired objects
every minute and reads all bytes every day.
"""

import argparse
import logging
import sys
import threading
from typing import Final

from appliance import config, log, processes, trace
from appliance.db import connection, services
from services.http import app, server
from services.identity import api as identity
from services.object import swift
from services.object.handover import Handover
from storage.objects import auditor
from storage.objects.errors import StoreError
from storage.objects.store import ObjectStore

NAME: Final = "object"
EXPIRE_EVERY_S: Final = 60.0
AUDITS_APART: Final = 24 * 60  # rounds of expiry between two readings of everything

_log = logging.getLogger(__name__)


def main() -> None:
    """Serve Swift until SIGTERM; with `once`, audit the whole store and return."""
    parser = argparse.ArgumentParser(prog="python -m services.object")
    parser.add_argument("mode", nargs="?", choices=["once"], help="audit the store and exit")
    is_once = bool(parser.parse_args().mode)
    settings = config.load()
    log.start(settings.log_level)
    trace.start(settings.home, NAME, hops_max=settings.trace.hops_max)
    try:
        store = ObjectStore(settings.home / "objects", part_power=settings.object.part_power)
    except StoreError as error:
        sys.exit(str(error))
    with store:
        if is_once:
            print(auditor.once(store))
        else:
            _run(settings, store)


def _run(settings: config.Settings, store: ObjectStore) -> None:
    """Serve, with the keeper beside."""
    db = connection.open_db(settings.home)
    with db.transaction() as tx:
        services.register(tx, NAME, name=NAME, host=settings.host)
    is_over = threading.Event()
    keeper = threading.Thread(target=_keep, args=(store, db, is_over), name="auditor")
    keeper.start()
    try:
        _serve(settings, db, store)
    finally:
        is_over.set()
        keeper.join()


def _serve(settings: config.Settings, db: connection.Database, store: ObjectStore) -> None:
    Handover(store, settings.home / "run").start()
    application = app.Application(
        [swift.face(store)], login=identity.Identity(settings, db).resolve, target=NAME
    )
    server.serve(application, address=settings.object.address, port=settings.object.port)


def _keep(store: ObjectStore, db: connection.Database, is_over: threading.Event) -> None:
    """Beat and look after the store until `is_over`."""
    rounds = 0
    while True:
        try:
            _look_after(store, rounds)
        except StoreError:
            _log.exception("object store: a round of the auditor failed, the next will try again")
        if is_over.wait(EXPIRE_EVERY_S):
            return
        rounds += 1
        with db.transaction() as tx:
            services.seen(tx, NAME)
        processes.give_memory_back()


def _look_after(store: ObjectStore, rounds: int) -> None:
    if rounds == 0:
        auditor.tidy(store)
    if rounds % AUDITS_APART == AUDITS_APART - 1:
        _log.info("object store: audited: %s", auditor.once(store))
    else:
        auditor.expire(store)


if __name__ == "__main__":
    main()
