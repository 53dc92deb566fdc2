"""The public APIs as one application: every face on its verbs. Nothing is decided here."""

import dataclasses
from dataclasses import dataclass

from appliance import config, operations, queue, trace
from appliance.db import connection
from appliance.explain.explanation import Evidence
from services.api import compute, ec2, events, identity, image, network, verbs, volume
from services.api.cloud import (
    administration,
    capacity,
    consoles,
    dry_runs,
    explanations,
    inverses,
    journal,
    objects_undone,
    routes,
    serial,
    workings,
    xray,
)
from services.http import answer, app, endpoint
from services.identity.api import Identity
from services.scheduler import placement
from services.scheduler.api.capacity import Capacity
from services.scheduler.api.placing import Placing

# what follows and shows traces leaves none: it would follow itself
UNTRACED = (
    "GET /novabox/v1/",
    "GET /healthcheck",
    "POST /novabox/v1/dry-runs/",
    "POST /novabox/v1/consoles/",  # each key would be a request
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The application, and what follows the cloud and its consoles for endless answers."""

    application: app.Application
    events: events.Events
    consoles: consoles.ConsoleRoutes

    def close(self) -> None:
        """End the endless answers; on the event loop."""
        self.events.close()
        self.consoles.close()


def build(settings: config.Settings, db: connection.Database, topics: queue.Queue) -> Api:
    """Put the APIs together; nothing runs yet. Raises ConfigError before the first start."""
    users = Identity(settings, db)
    asked = verbs.build(settings, db, topics, users)
    log = trace.Log(settings.home)
    queues = queue.Administration(settings=settings, topics=topics)
    parts = workings.Workings(
        settings=settings, db=db, queues=queues, log=log, activity=queue.Activity(log)
    )
    stream = events.Events(settings=settings, db=db, workings=parts, log=log)
    administered = administration.Administration(
        operations=operations.Operations(settings=settings, db=db, queues=queues),
        workings=parts, events=stream,
    )  # fmt: skip
    lines = consoles.ConsoleRoutes(asked.consoles)
    sockets = serial.SerialSockets(asked.consoles, lines)
    faces = (
        identity.face(settings, db, users),
        _compute(settings, asked, sockets),
        image.face(settings, asked.images),
        _volume(settings, asked),
        _network(settings, asked),
        ec2.face(settings, db, asked),
        routes.Cloud(
            events=stream, workings=parts, administration=administered, log=log,
            journal=_journal(settings, db, asked, administered.operations),
            more=(*_planning(settings, db, queues, log, asked), *lines.paths()),
            xray=xray.Xray(settings=settings, db=db, queue=topics),
            paths=asked.paths,
        ).face(),
        _root(),
    )  # fmt: skip
    application = app.Application(
        faces,
        login=users.resolve,
        target="api",
        limits=answer.Limits(
            body_bytes_max=settings.api.body_bytes_max, idle_s=settings.image.upload_idle_s
        ),
        untraced=UNTRACED,
        version=db.version,
        sockets={serial.PATH: sockets},
    )
    return Api(application=application, events=stream, consoles=lines)


def _planning(
    settings: config.Settings,
    db: connection.Database,
    queues: queue.Administration,
    log: trace.Log,
    asked: verbs.Verbs,
) -> tuple[endpoint.Path, ...]:
    """What tells before and after: dry runs, capacity, explanations."""
    placer = placement.open_placer(settings)
    room = Capacity(db=db, placer=placer)
    evidence = Evidence(settings=settings, db=db, queues=queues, log=log)
    return (
        *dry_runs.DryRuns(db=db, verbs=asked, placing=Placing(placer=placer)).paths(),
        *explanations.Explanations(evidence=evidence, capacity=room).paths(),
        *capacity.CapacityFace(db=db, verbs=room).paths(),
    )


def _compute(
    settings: config.Settings, asked: verbs.Verbs, sockets: serial.SerialSockets
) -> endpoint.Face:
    return compute.face(
        serial_url=sockets.url,
        instance_verbs=asked.instances,
        attachment_verbs=asked.attachments,
        diagnostics_verbs=asked.diagnostics,
        key_pair_verbs=asked.key_pairs,
        catalogue_verbs=asked.catalogue,
        page_max=settings.api.page_max,
    )


def _volume(settings: config.Settings, asked: verbs.Verbs) -> endpoint.Face:
    return volume.face(
        volume_verbs=asked.volumes,
        snapshot_verbs=asked.snapshots,
        catalogue_verbs=asked.volume_catalogue,
        page_max=settings.api.page_max,
    )


def _network(settings: config.Settings, asked: verbs.Verbs) -> endpoint.Face:
    return network.face(
        network_verbs=asked.networks,
        subnet_verbs=asked.subnets,
        port_verbs=asked.ports,
        group_verbs=asked.security_groups,
        page_max=settings.api.page_max,
    )


def _journal(
    settings: config.Settings,
    db: connection.Database,
    asked: verbs.Verbs,
    of_parts: operations.Operations,
) -> journal.Journal:
    stored = objects_undone.ObjectsUndone(db, settings.run_dir)
    return journal.Journal(db=db, inverses=inverses.Inverses(db, asked, of_parts, stored))


def _root() -> endpoint.Face:
    """What is nobody's path: versions for clients that know only host and port, and our health."""
    root = identity.root()
    health = endpoint.path(
        "/healthcheck", GET=endpoint.endpoint(lambda _: {"status": "ok"}, is_public=True)
    )
    return dataclasses.replace(root, paths=(*root.paths, health))
