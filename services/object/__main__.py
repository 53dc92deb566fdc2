"""The object store's process: `python -m services.object [once]`.

Beside requests, two threads look after the store. One tidies up at the start, and every minute
removes expired objects and mends what a reader found rotten; the other brings objects to where they
belong, and reads all bytes every day, at the speed the configuration sets.
"""

import argparse
import contextlib
import itertools
import logging
import sys
import threading
import time
from typing import Final

from appliance import bell, config, context, errors, inquiry, log, processes, trace
from appliance.db import connection, images, services
from services.http import app, server, threads
from services.identity import api as identity
from services.identity.api.data_keys import DataKeys
from services.identity.api.ec2_credentials import Ec2Credentials
from services.image import trash as image_trash
from services.object import answers, devices, faces, swift, trash, versions
from services.object.encryption import BoxKeys
from services.object.handover import Handover
from services.object.health import Health
from services.object.s3 import keeper as s3_keeper
from services.object.s3.addressing import Domains
from services.object.s3.front import Front
from services.object.swift.ratelimit import Rates
from storage.objects import auditor
from storage.objects.ciphers import AS_KEPT
from storage.objects.errors import StoreError
from storage.objects.pace import Pace, Stopped
from storage.objects.store import ObjectStore

NAME: Final = "object"
EXPIRE_EVERY_S: Final = 60.0
AUDIT_EVERY_S: Final = 24 * 3600.0
SETTLE_AGAIN_S: Final = 600.0  # what could not be placed (a full disk) will hardly sooner
LET_GO_S: Final = 10.0  # an upload that finds no room waits so long for deleted images to go
LIFECYCLES_APART: Final = 60  # rounds between two looks at what S3's rules say: they count days

_log = logging.getLogger(__name__)


def main() -> None:
    """Serve Swift and S3 until SIGTERM; with `once`, audit the whole store and return."""
    parser = argparse.ArgumentParser(prog="python -m services.object")
    parser.add_argument("mode", nargs="?", choices=["once"], help="audit the store and exit")
    is_once = bool(parser.parse_args().mode)
    settings = config.load()
    log.start(settings.log_level)
    trace.start(settings.home, NAME, hops_max=settings.trace.hops_max)
    db = connection.open_db(settings.home, ringer=bell.Ringer(settings.run_dir))
    rubbish = trash.Bin(settings, let_go=lambda: _let_images_go(settings, db))
    try:
        store = ObjectStore(
            settings.home / "objects",
            part_power=settings.object.part_power,
            devices=devices.parse(settings.object.devices),
            replicas=settings.object.replicas,
            reserve_bytes=settings.object.reserve_mib << 20,
            tell=_tell,
            rubbish=rubbish,
            waiting=threads.waiting,
            ciphers=AS_KEPT
            if is_once
            else BoxKeys(DataKeys(settings.etc_dir)),  # an audit decrypts nothing
        )
    except (StoreError, errors.ConfigError) as error:
        sys.exit(str(error))
    with store:
        if is_once:
            print(auditor.once(store, expired=versions.expire))
        else:
            _run(settings, db, store, rubbish)


def _run(
    settings: config.Settings, db: connection.Database, store: ObjectStore, rubbish: trash.Bin
) -> None:
    """Serve, with the keeper beside."""
    recorder = trash.Recorder(store, db, rubbish)
    with db.transaction() as tx:
        services.register(tx, NAME, name=NAME, host=settings.host)
    is_over = threading.Event()
    pace, health = Pace(settings.object.audit_mib_s, is_over), Health(store)
    keepers = [
        threading.Thread(target=_keep, args=(store, db, recorder, health, is_over), name="keeper"),
        threading.Thread(target=recorder.run, args=(is_over,), name="journal"),
        threading.Thread(target=_audit, args=(store, health, pace, is_over), name="auditor"),
    ]
    for keeper in keepers:
        keeper.start()
    try:
        _serve(settings, db, store, rubbish)
    finally:
        is_over.set()
        for keeper in keepers:
            keeper.join()


def _serve(
    settings: config.Settings, db: connection.Database, store: ObjectStore, rubbish: trash.Bin
) -> None:
    Handover(store, settings.run_dir, rubbish).start()
    inquiry.serve(settings.run_dir, NAME, answers.answers(store))
    login = identity.Identity(settings, db).resolve
    domains = Domains(s3=settings.object.s3_domain, website=settings.object.website_domain)
    front = Front(store, Ec2Credentials(settings, db).find_signer, domains)
    rates = Rates(
        account_per_s=settings.object.account_writes_per_s,
        container_per_s=settings.object.container_writes_per_s,
    )
    of_swift = swift.face(store, rates=rates)
    application = faces.Faces(
        swift=app.Application([of_swift], login=login, target=NAME),
        s3=app.Application([front.face()], login=login, target=NAME),
        of_swift=of_swift, domains=domains,
    )  # fmt: skip
    server.serve(application, address=settings.object.address, port=settings.object.port)


def _keep(
    store: ObjectStore,
    db: connection.Database,
    recorder: trash.Recorder,
    health: Health,
    is_over: threading.Event,
) -> None:
    """Beat, expire and mend until `is_over`."""
    with contextlib.suppress(StoreError):
        auditor.tidy(store)
    for number in itertools.count():
        try:
            health.note(auditor.mend(store))
            auditor.expire(store, versions.expire)
            recorder.look()
            if number % LIFECYCLES_APART == 0:
                s3_keeper.once(store, now=time.time())
        except StoreError:
            _log.exception("object store: a round failed, the next will try again")
        if is_over.wait(EXPIRE_EVERY_S):
            return
        with db.transaction() as tx:
            services.seen(tx, NAME, trouble=health.trouble)
        processes.give_memory_back()


def _audit(store: ObjectStore, health: Health, pace: Pace, is_over: threading.Event) -> None:
    """Bring objects to where they belong at once, and read everything every day."""
    next_s = time.monotonic() + AUDIT_EVERY_S
    with contextlib.suppress(Stopped):
        while True:
            try:
                health.note(auditor.settle(store, pace))
                if time.monotonic() >= next_s:
                    next_s += AUDIT_EVERY_S
                    audit = auditor.once(store, pace, expired=versions.expire)
                    _log.info("object store: audited: %s", audit)
                    health.note(audit, is_whole=True)
            except StoreError:
                _log.exception("object store: a round of the auditor failed")
            if is_over.wait(EXPIRE_EVERY_S if store.is_settled else SETTLE_AGAIN_S):
                return


def _let_images_go(settings: config.Settings, db: connection.Database) -> bool:
    """Have the image worker remove the images in the trash, whose bytes are here, and wait for it
    a while; whether there were any.
    """
    from appliance import queue  # some MiB that a store with room never needs

    gone = image_trash.empty(db)
    topics = queue.Queue(settings)
    for image_id in gone:
        topics.ring("image", "delete_data", image_id)
    deadline_s = time.monotonic() + LET_GO_S
    while time.monotonic() < deadline_s and images.any_going(db, gone):
        time.sleep(0.1)
    return bool(gone)


def _tell(what: str, /, **facts: str) -> None:
    """Let the trace show what the store found and did by itself."""
    token = context.current.set(context.RequestContext(is_system=True))
    try:
        trace.event("state", what, target="disk", **facts)
    finally:
        context.current.reset(token)


if __name__ == "__main__":
    main()
