"""What the cloud is made of, as values; knows nothing of HTTP, of Textual or of time passing.

Fields are named as the APIs name them. A field that a server leaves out has its default, and
a field this client does not know is ignored: old and new sides may meet.
"""

from __future__ import annotations

from typing import Final, Protocol, TypeAlias

from tui.client.nouns.block_storage import Snapshot, Volume, VolumeUse
from tui.client.nouns.choice import Choice
from tui.client.nouns.compute import Fault, Flavor, FlavorRef, Host, ImageRef, Instance, Usage
from tui.client.nouns.identity import Grant, KeyPair, Project, User
from tui.client.nouns.image import Image
from tui.client.nouns.journal import Deed
from tui.client.nouns.moment import Time
from tui.client.nouns.network import Network, Port, Rule, SecurityGroup
from tui.client.nouns.object_store import Entry
from tui.client.nouns.planning import ProjectQuota
from tui.client.nouns.workings import (
    History,
    Hop,
    Message,
    Piece,
    Request,
    Service,
    Topic,
)

__all__ = [
    "NOUN_BY_KIND",
    "STREAMED",
    "Choice",
    "Deed",
    "Entry",
    "Fault",
    "Flavor",
    "FlavorRef",
    "Grant",
    "History",
    "Hop",
    "Host",
    "Image",
    "ImageRef",
    "Instance",
    "KeyPair",
    "Kind",
    "Message",
    "Network",
    "Noun",
    "Piece",
    "Port",
    "Project",
    "ProjectQuota",
    "Request",
    "Rule",
    "SecurityGroup",
    "Service",
    "Snapshot",
    "Time",
    "Topic",
    "Usage",
    "User",
    "Volume",
    "VolumeUse",
    "key",
]


class Noun(Protocol):
    """Something that has a name of its own among those of its kind."""

    @property
    def key(self) -> str:
        """What tells it from others of its kind."""


Kind: TypeAlias = str
"""A kind of noun by the name that the event stream has for it, or would have."""

STREAMED: Final = (
    "instance", "image", "volume", "snapshot", "service", "topic", "host", "network", "port",
    "security_group", "flavor", "key_pair", "project", "user", "journal",
)  # fmt: skip
"""The kinds that the event stream tells of; others are asked for where they are shown.

``usage`` costs the cloud something: it is followed while it is on the screen.
"""

NOUN_BY_KIND: Final[dict[Kind, type[Noun]]] = {
    "instance": Instance,
    "image": Image,
    "volume": Volume,
    "snapshot": Snapshot,
    "volume_use": VolumeUse,
    "entry": Entry,
    "service": Service,
    "topic": Topic,
    "host": Host,
    "network": Network,
    "port": Port,
    "security_group": SecurityGroup,
    "flavor": Flavor,
    "key_pair": KeyPair,
    "project": Project,
    "user": User,
    "usage": Usage,
    "request": Request,
    "quota": ProjectQuota,
    "journal": Deed,
}


def key(noun: Noun) -> str:
    """Return what tells a noun from others of its kind."""
    return noun.key
