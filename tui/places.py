"""Every full screen one can go to, once: modes, number keys, `:` and the palette are made of it.

Names screens, imports none: a start costs what is seen.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tui.client import verbs
from tui.client.call import Call

if TYPE_CHECKING:
    from textual.screen import Screen

    from tui.kinds.kind import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A screen of its own: ``name`` is its mode, ``module`` and ``screen`` say where its code is.

    ``cli`` and ``call`` show the same without a screen; ``example`` is a filter worth showing.
    """

    name: str
    purpose: str
    module: str
    screen: str
    cli: tuple[str, ...]
    call: Call
    key: str = ""
    example: str = ""
    aliases: tuple[str, ...] = ()
    kind: str = ""

    def listed(self) -> Kind[Any]:
        """Import the kind that the screen lists."""
        kind: Kind[Any] = importlib.import_module(f"tui.kinds.{self.kind}").KIND
        return kind

    def make(self) -> Screen[Any]:
        """Import the screen and make it."""
        module = importlib.import_module(f"tui.screens.{self.module}")
        maker: Callable[..., Screen[Any]] = getattr(module, self.screen)
        return maker(self) if self.screen == "listing" else maker()


def _listing(name: str, **fields: Any) -> Place:
    """A place that lists a kind of ``tui.kinds`` and needs no code of its own."""
    return Place(name=name, module="resource", screen="listing", kind=name, **fields)


PLACES: Final = (
    Place(name="home", key="1", module="home", screen="Home",
          purpose="Is there room, is it healthy, what happens, what to do.",
          cli=("novabox", "status"), call=verbs.novabox.status()),
    Place(name="instances", key="2", module="instances", screen="Instances", kind="instances",
          purpose="The servers of this project.", example="name:web state:error !m1.tiny",
          cli=("openstack", "server", "list"), call=verbs.compute.servers()),
    Place(name="images", key="3", module="store", screen="Images", kind="images",
          purpose="What instances are made of, and the objects it is kept as.",
          example="state:active", cli=("openstack", "image", "list"), call=verbs.image.images()),
    Place(name="objects", key="4", module="store", screen="Objects", kind="objects",
          aliases=("containers",), purpose="Containers, and the objects in them.",
          example="name:log", cli=("openstack", "container", "list"),
          call=verbs.object_store.containers()),
    Place(name="volumes", key="5", module="volumes", screen="Volumes", kind="volumes",
          purpose="Disks that outlive the instances that have them.", example="state:in-use",
          cli=("openstack", "volume", "list"), call=verbs.block_storage.volumes()),
    Place(name="networks", key="6", module="networks", screen="Networks",
          purpose="Bridges, who is on them, what passes; and whether one end reaches another.",
          cli=("openstack", "network", "list"), call=verbs.network.networks()),
    Place(name="services", key="7", module="services", screen="Services", kind="queues",
          aliases=("queues",),
          purpose="The processes of the cloud and the queues between them.",
          example="consumer:paused",
          cli=("novabox", "queue", "list"), call=verbs.novabox.topics()),
    Place(name="capacity", key="8", module="capacity", screen="Capacity", kind="quotas",
          aliases=("quotas",),
          purpose="Who has the room, what still fits, what each project may have.",
          example="name:demo",
          cli=("novabox", "capacity"), call=verbs.planning.capacity()),
    _listing("traces", key="9", purpose="The requests of late, and the way each went.",
             example="state:error",
             cli=("novabox", "trace"), call=verbs.novabox.requests(100)),
    _listing("journal", key="exclamation_mark", example="state:done",
             purpose="Who did what, and what of it can still be undone.",
             cli=("novabox", "journal"), call=verbs.journal.entries(100)),
    _listing("users", purpose="Who can log in, and what they may where. An administrator's.",
             example="name:alice",
             cli=("openstack", "user", "list"), call=verbs.identity.users()),
    _listing("projects", purpose="What everything belongs to. An administrator's.",
             example="state:disabled",
             cli=("openstack", "project", "list"), call=verbs.identity.projects()),
    _listing("keys", purpose="Public keys that new instances let in.", example="name:laptop",
             aliases=("keypairs",),
             cli=("openstack", "keypair", "list"), call=verbs.compute.key_pairs()),
    _listing("flavors", purpose="How big an instance can be.", example="name:tiny",
             cli=("openstack", "flavor", "list"), call=verbs.compute.flavors()),
    _listing("groups", purpose="What may come in and go out: security groups and their rules.",
             example="name:web",
             cli=("openstack", "security", "group", "list"),
             call=verbs.network.all_security_groups()),
)  # fmt: skip

BY_NAME: Final = {place.name: place for place in PLACES}
