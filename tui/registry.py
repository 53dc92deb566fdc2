"""All actions in one order, most used first: bindings, hints, help and the palette follow it."""

from __future__ import annotations

from typing import Final

from tui import places
from tui.actions import (
    console,
    cursor,
    everywhere,
    group,
    identity,
    image,
    insides,
    instance,
    journal,
    listing,
    network,
    queue,
    quota,
    request,
    service,
    volume,
    welcome,
    why,
)
from tui.actions import object as object_
from tui.actions.action import Action
from tui.places import Place


def _going(place: Place) -> Action:
    return Action(
        id=f"go.{place.name}", keys=place.key, label=place.name, purpose=place.purpose,
        views=("everywhere",), is_shown=False, does=f"app.go('{place.name}')",
        cli=lambda _: place.cli, call=lambda _: place.call,
    )  # fmt: skip


REGISTRY: Final = (
    *instance.ACTIONS,
    *image.ACTIONS,
    *object_.ACTIONS,
    *volume.ACTIONS,
    *queue.ACTIONS,
    *service.ACTIONS,
    *quota.ACTIONS,
    *network.ACTIONS,
    *insides.ACTIONS,
    *group.ACTIONS,
    *identity.ACTIONS,
    *request.ACTIONS,
    *welcome.ACTIONS,
    *why.ACTIONS,
    *console.ACTIONS,
    *journal.ACTIONS,
    *listing.ACTIONS,
    *(_going(place) for place in places.PLACES if place.key),
    *cursor.ACTIONS,
    *everywhere.ACTIONS,
)

BY_ID: Final = {action.id: action for action in REGISTRY}


def of_view(*views: str) -> list[Action]:
    """Return the actions of the views in the registry's order."""
    return [action for action in REGISTRY if set(views) & set(action.views)]
