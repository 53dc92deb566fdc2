"""Which actions are served: every noun of the face, on its verbs."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from appliance import config
from appliance.db import connection
from services.api import verbs
from services.api.ec2 import (
    addresses,
    image_attributes,
    image_names,
    images,
    instance_types,
    instances,
    key_pairs,
    places,
    run_instances,
    security_groups,
    snapshots,
    tags,
    volumes,
)
from services.api.ec2.actions import Action


def actions(
    settings: config.Settings, db: connection.Database, asked: verbs.Verbs
) -> dict[str, Action]:
    """All of them, by name."""
    return {
        name: action
        for noun in _nouns(settings, db, asked)
        for name, action in noun.actions().items()
    }


class _Noun(Protocol):
    def actions(self) -> Mapping[str, Action]: ...


def _nouns(
    settings: config.Settings, db: connection.Database, asked: verbs.Verbs
) -> Iterator[_Noun]:
    tagged = tags.Tags(db=db, verbs=asked.tags)
    named = image_names.ImageNames(db=db, verbs=asked.images)
    shown = instances.Instances(db=db, verbs=asked.instances, tags=tagged)
    yield places.Places(settings=settings, verbs=asked.catalogue)
    yield instance_types.InstanceTypes(verbs=asked.catalogue)
    yield key_pairs.KeyPairs(verbs=asked.key_pairs)
    yield security_groups.SecurityGroups(db=db, verbs=asked.security_groups, tags=tagged)
    yield addresses.Addresses()
    yield images.Images(db=db, verbs=asked.images, named=named, tags=tagged)
    yield image_attributes.ImageAttributes(db=db, verbs=asked.images, named=named)
    yield shown
    yield run_instances.RunInstances(
        db=db, shown=shown, images=named, key_pairs=asked.key_pairs,
        groups=asked.security_groups, tags=tagged,
    )  # fmt: skip
    yield volumes.Volumes(db=db, verbs=asked.volumes, attachments=asked.attachments, tags=tagged)
    yield snapshots.Snapshots(db=db, verbs=asked.snapshots, tags=tagged)
    yield tagged
