"""Which actions are served: every noun of the face, on its verbs."""

from collections.abc import Iterator

from appliance import config, queue
from appliance.db import connection
from services.api.ec2 import key_pairs, tags
from services.api.ec2.actions import Action
from services.compute.api import key_pairs as key_pair_verbs
from services.compute.api import tags as tag_verbs


def actions(
    settings: config.Settings, db: connection.Database, topics: queue.Queue
) -> dict[str, Action]:
    """All of them, by name."""
    return dict(_served(settings, db, topics))


def _served(
    settings: config.Settings, db: connection.Database, topics: queue.Queue
) -> Iterator[tuple[str, Action]]:
    tagged = tags.Tags(db=db, verbs=tag_verbs.Tags(db=db))
    yield from tagged.actions().items()
    yield from key_pairs.KeyPairs(verbs=key_pair_verbs.KeyPairs(db=db)).actions().items()
