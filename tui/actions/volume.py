"""What can be done to volumes."""

from __future__ import annotations

from typing import Final

from tui.actions.action import Action, Level, Target, deleting, openstack
from tui.client import nouns, verbs


def _server_of(target: Target) -> str:
    return (isinstance(target.noun, nouns.Volume) and target.noun.instance_id) or "-"


ACTIONS: Final = (
    Action(
        id="volume.detach", keys="ctrl+e", label="detach", views=("volumes",),
        purpose="Take the volume from its instance; what it holds stays.", level=Level.ONE_OBJECT,
        cli=lambda target: ("openstack", "server", "remove", "volume", _server_of(target),
                            target.id),
        plan=lambda target: verbs.planning.plan_detach(_server_of(target), target.id),
        call=lambda target: verbs.compute.detach_volume(_server_of(target), target.id),
    ),
    Action(
        id="volume.delete", keys="ctrl+d", label="delete", views=("volumes",),
        purpose="The volume and all it holds are gone for good.", level=Level.FOR_GOOD,
        cli=openstack("volume", "delete", "ID"), plan=deleting("volume"),
        call=lambda target: verbs.block_storage.delete_volume(target.id),
    ),
)  # fmt: skip
