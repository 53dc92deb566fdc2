"""Changes of an image's locations, as operations of a JSON patch (Glance, api/v2/images.py)."""

import re
from typing import Any, Final

import msgspec

from appliance import context, errors
from services.api.image.patch import Change
from services.image.api.locations import Location, Locations

_PLACE: Final = re.compile(r"/locations(?:/(\d{1,4}|-))?")


class Said(msgspec.Struct):
    """A location as a client writes it."""

    url: str
    metadata: dict[str, Any] = {}
    validation_data: dict[str, str] = {}


def is_about(change: Change) -> bool:
    """Whether the operation is one on locations."""
    return _PLACE.fullmatch(change.path) is not None


def apply(verbs: Locations, ctx: context.RequestContext, image_id: str, change: Change) -> None:
    """Do it. Raises BadRequest for what locations do not know, and what the verbs raise."""
    match = _PLACE.fullmatch(change.path)
    place = match[1] if match else None
    match change.op, place:
        case "add", "-":
            verbs.add(ctx, image_id, _location(change.value))
        case "replace", None if isinstance(change.value, list):
            verbs.replace(ctx, image_id, [_location(one) for one in change.value])
        case "remove", str() if place != "-":
            verbs.remove(ctx, image_id, int(place or 0))
        case _:
            raise errors.BadRequest(
                "Locations are added at /locations/-, replaced all at /locations, and removed at "
                "/locations/N."
            )


def _location(value: Any) -> Location:
    try:
        said = msgspec.convert(value, Said)
    except msgspec.ValidationError as error:
        raise errors.BadRequest(f"Invalid location: {error}") from error
    return Location(url=said.url, metadata=said.metadata, sums=said.validation_data)
