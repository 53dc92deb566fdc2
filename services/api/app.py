"""The public APIs as one application: every face on its verbs. Nothing is decided here."""

import dataclasses
from dataclasses import dataclass

from appliance import config, queue, trace
from appliance.db import connection
from services.api import compute, ec2, events, identity, image, launch_volumes, network, verbs, volume
from services.api.cloud import routes, workings
from services.compute.api import catalogue, instances, key_pairs
from services.compute.api import volumes as attachments
from services.http import answer, app, endpoint
from services.identity.api import Identity
from services.network.api import networks, ports, security_groups
from services.volume.api import catalogue as volume_catalogue
from services.volume.api import snapshots, types, volumes

# what follows and shows traces leaves none: it would follow itself
UNTRACED = ("/novabox/v1/", "/healthcheck")


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The application, and what follows the cloud for its event streams."""

    application: app.Application
    events: events.Events


def build(settings: config.Settings, db: connection.Database, topics: queue.Queue) -> Api:
    """Put the APIs together; nothing runs yet. Raises ConfigError before the first start."""
    users = Identity(settings, db)
    log = trace.Log(settings.home)
    parts = workings.Workings(settings=settings, db=db, queue=topics, log=log)
    stream = events.Events(settings=settings, db=db, workings=parts, log=log)
    faces = (
        identity.face(settings, db, users),
        _compute(settings, db, topics),
        image.face(settings, image.open_images(settings, db, topics, users)),
        _volume(settings, db, topics),
        _network(settings, db, topics),
        ec2.face(settings, db, verbs.build(settings, db, topics)),
        routes.Cloud(events=stream, workings=parts, queue=topics, log=log).face(),
        _root(),
    )
    application = app.Application(
        faces,
        login=users.resolve,
        target="api",
        limits=answer.Limits(
            body_bytes_max=settings.api.body_bytes_max, idle_s=settings.image.upload_idle_s
        ),
        untraced=UNTRACED,
    )
    return Api(application=application, events=stream)


def _compute(
    settings: config.Settings, db: connection.Database, topics: queue.Queue
) -> endpoint.Face:
    return compute.face(
        instance_verbs=_instances(settings, db, topics),
        attachment_verbs=attachments.Attachments(db=db, queue=topics),
        key_pair_verbs=key_pairs.KeyPairs(db=db),
        catalogue_verbs=catalogue.Catalogue(db=db),
        page_max=settings.api.page_max,
    )


def _instances(
    settings: config.Settings, db: connection.Database, topics: queue.Queue
) -> instances.Instances:
    new_volume = launch_volumes.new_volume(types.place(settings))
    return instances.Instances(db=db, queue=topics, new_volume=new_volume)


def _volume(
    settings: config.Settings, db: connection.Database, topics: queue.Queue
) -> endpoint.Face:
    place = types.place(settings)
    return volume.face(
        volume_verbs=volumes.Volumes(db=db, queue=topics, place=place),
        snapshot_verbs=snapshots.Snapshots(db=db, queue=topics, place=place),
        catalogue_verbs=volume_catalogue.Catalogue(db=db, place=place),
        page_max=settings.api.page_max,
    )


def _network(
    settings: config.Settings, db: connection.Database, topics: queue.Queue
) -> endpoint.Face:
    return network.face(
        network_verbs=networks.Networks(mtu=settings.network.mtu, db=db, queue=topics),
        subnet_verbs=networks.Subnets(db=db, queue=topics),
        port_verbs=ports.Ports(db=db, queue=topics),
        group_verbs=security_groups.SecurityGroups(db=db, queue=topics),
        page_max=settings.api.page_max,
    )


def _root() -> endpoint.Face:
    """What is nobody's path: versions for clients that know only host and port, and our health."""
    root = identity.root()
    health = endpoint.path(
        "/healthcheck", GET=endpoint.endpoint(lambda _: {"status": "ok"}, is_public=True)
    )
    return dataclasses.replace(root, paths=(*root.paths, health))
