"""What every face may ask of the services: their verbs, made once for all faces."""

from dataclasses import dataclass

from appliance import config, queue
from appliance.db import connection
from services.api import image, launch_volumes
from services.compute.api import catalogue, consoles, diagnostics, instances, key_pairs, tags
from services.compute.api import volumes as attachments
from services.identity.api import Identity
from services.image.api import Images
from services.network.api import networks, paths, ports, security_groups
from services.volume.api import catalogue as volume_catalogue
from services.volume.api import snapshots, types, volumes


@dataclass(frozen=True, slots=True, kw_only=True)
class Verbs:
    """One field a module of `services.*.api`; each may be used by many threads."""

    instances: instances.Instances
    attachments: attachments.Attachments
    consoles: consoles.Consoles
    diagnostics: diagnostics.Diagnostics
    catalogue: catalogue.Catalogue
    key_pairs: key_pairs.KeyPairs
    tags: tags.Tags
    images: Images
    subnets: networks.Subnets
    networks: networks.Networks
    ports: ports.Ports
    paths: paths.Paths
    security_groups: security_groups.SecurityGroups
    volumes: volumes.Volumes
    snapshots: snapshots.Snapshots
    volume_catalogue: volume_catalogue.Catalogue


def build(
    settings: config.Settings, db: connection.Database, topics: queue.Queue, users: Identity
) -> Verbs:
    """All of them, on one database and one queue; `users` are let into the object store."""
    place = types.place(settings)
    return Verbs(
        instances=instances.Instances(
            db=db, queue=topics, new_volume=launch_volumes.new_volume(place)
        ),
        attachments=attachments.Attachments(db=db, queue=topics),
        consoles=consoles.Consoles(db=db, run_dir=settings.run_dir),
        diagnostics=diagnostics.Diagnostics(run_dir=settings.run_dir, db=db),
        catalogue=catalogue.Catalogue(db=db),
        key_pairs=key_pairs.KeyPairs(db=db),
        tags=tags.Tags(db=db),
        images=image.open_images(settings, db, topics, users),
        networks=networks.Networks(mtu=settings.network.mtu, db=db, queue=topics),
        subnets=networks.Subnets(db=db, queue=topics),
        ports=ports.Ports(db=db, queue=topics),
        paths=paths.Paths(settings=settings, db=db),
        security_groups=security_groups.SecurityGroups(db=db, queue=topics),
        volumes=volumes.Volumes(db=db, queue=topics, place=place, trash=settings.trash),
        snapshots=snapshots.Snapshots(db=db, queue=topics, place=place, trash=settings.trash),
        volume_catalogue=volume_catalogue.Catalogue(db=db, place=place),
    )
