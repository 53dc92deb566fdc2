"""Block Storage v3 under /volume: routes, wire structs and translation; no logic."""

from services.api.volume import (
    backups,
    catalogue,
    framing,
    messages,
    metadata,
    quotas,
    snapshots,
    versions,
    volumes,
)
from services.http import endpoint, faults
from services.volume.api.catalogue import Catalogue
from services.volume.api.snapshots import Snapshots
from services.volume.api.volumes import Volumes


def face(
    *,
    volume_verbs: Volumes,
    snapshot_verbs: Snapshots,
    catalogue_verbs: Catalogue,
    page_max: int,
) -> endpoint.Face:
    """The whole API, on these verbs; no list answers more than `page_max` entries."""
    parts = (
        volumes.VolumesFace(verbs=volume_verbs, page_max=page_max),
        metadata.MetadataFace(
            collection="volumes",
            verbs=volume_verbs,
            pairs=lambda ctx, key: volume_verbs.details(volume_verbs.get(ctx, key)).metadata,
        ),
        snapshots.SnapshotsFace(verbs=snapshot_verbs, page_max=page_max),
        metadata.MetadataFace(
            collection="snapshots",
            verbs=snapshot_verbs,
            pairs=lambda ctx, key: snapshot_verbs.metadata(snapshot_verbs.get(ctx, key)),
        ),
        catalogue.CatalogueFace(verbs=catalogue_verbs),
        quotas.QuotasFace(verbs=catalogue_verbs),
        messages.MessagesFace(volume_verbs=volume_verbs, snapshot_verbs=snapshot_verbs),
    )
    lines = [line for part in parts for line in part.paths()]
    framed = framing.framed([*lines, *versions.paths(), *backups.paths()])
    return endpoint.Face(
        prefix="/volume",
        fault=faults.cinder,
        paths=(*versions.public_paths(), *framed),
        service_types=("block-storage", "volumev3", "volume"),
    )
