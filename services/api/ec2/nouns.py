"""Which actions are served: every noun of the face, on its verbs."""

from collections.abc import Iterator

from appliance import config
from appliance.db import connection
from services.api import verbs
from services.api.ec2 import addresses, key_pairs, places, security_groups, tags
from services.api.ec2.actions import Action


def actions(
    settings: config.Settings, db: connection.Database, asked: verbs.Verbs
) -> dict[str, Action]:
    """All of them, by name."""
    return dict(_served(settings, db, asked))


def _served(
    settings: config.Settings, db: connection.Database, asked: verbs.Verbs
) -> Iterator[tuple[str, Action]]:
    tagged = tags.Tags(db=db, verbs=asked.tags)
    groups = security_groups.SecurityGroups(db=db, verbs=asked.security_groups, tags=tagged)
    yield from places.Places(settings=settings, verbs=asked.catalogue).actions().items()
    yield from key_pairs.KeyPairs(verbs=asked.key_pairs).actions().items()
    yield from groups.actions().items()
    yield from addresses.Addresses().actions().items()
    yield from tagged.actions().items()
