"""Compute v2.1 under /compute: routes, wire structs and translation; no logic."""

from services.api.compute import (
    diagnostics,
    flavors,
    hosts,
    key_pairs,
    microversions,
    security_groups,
    servers,
    versions,
    volume_attachments,
)
from services.compute.api.catalogue import Catalogue
from services.compute.api.diagnostics import Diagnostics
from services.compute.api.instances import Instances
from services.compute.api.key_pairs import KeyPairs
from services.compute.api.volumes import Attachments
from services.http import endpoint, faults


def face(
    *,
    instance_verbs: Instances,
    attachment_verbs: Attachments,
    diagnostics_verbs: Diagnostics,
    key_pair_verbs: KeyPairs,
    catalogue_verbs: Catalogue,
    page_max: int,
    serial_url: servers.SerialUrl,
) -> endpoint.Face:
    """The whole API, on these verbs; no list answers more than `page_max` entries."""
    parts = (
        servers.Servers(
            verbs=instance_verbs,
            volumes=attachment_verbs,
            page_max=page_max,
            serial_url=serial_url,
        ),
        volume_attachments.VolumeAttachments(verbs=attachment_verbs),
        diagnostics.DiagnosticsFace(verbs=diagnostics_verbs),
        security_groups.ServerGroups(verbs=instance_verbs),
        flavors.Flavors(verbs=catalogue_verbs, page_max=page_max),
        key_pairs.KeyPairsFace(verbs=key_pair_verbs, page_max=page_max),
        hosts.Hosts(verbs=catalogue_verbs),
    )
    lines = tuple(_versioned(line) for part in parts for line in part.paths())
    paths = (*versions.paths(), *lines)
    return endpoint.Face(
        prefix="/compute", fault=faults.nova, paths=paths, service_types=("compute",)
    )


def _versioned(line: endpoint.Path) -> endpoint.Path:
    targets = {method: microversions.answering(target) for method, target in line.endpoints.items()}
    return endpoint.Path(path=line.path, endpoints=targets)
