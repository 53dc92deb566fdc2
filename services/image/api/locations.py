"""What a request may ask about the locations of an image: URLs from which its bytes are had.

An admin's to see and set, and with `image.show_locations` everybody's who may modify the image: who
sets a location says what an image's bytes are.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from appliance import clock, config, context, errors, policy
from appliance.db import connection, image_copies, images
from appliance.model.image import Image, ImageEvent, ImageStatus
from appliance.model.image_copy import ImageCopy
from services.image import web_download
from services.image.api.ownership import owned

LOCATIONS_MAX: Final = 10  # of one image: Glance's image_location_quota
_STORE: Final = "http"
_MD5: Final = re.compile(r"[0-9a-f]{32}")
_SHA512: Final = re.compile(r"[0-9a-f]{128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place of an image's bytes, and what a user says of it; `sums` is what they must be."""

    url: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    sums: Mapping[str, str] = field(default_factory=dict)  # checksum, os_hash_algo, os_hash_value


class Locations:
    """The verbs; may be used by many threads."""

    def __init__(self, settings: config.Image, db: connection.Database) -> None:
        self._settings = settings
        self._db = db

    def add(self, ctx: context.RequestContext, image_id: str, location: Location) -> None:
        """Let an image's bytes be had from a URL too; a queued image becomes active by it.

        Raises Forbidden, NotFound, BadRequest (a URL that images do not come from, or that does not
        answer, or is known), Conflict (other sums than the image's), TooLarge (too many).
        """
        policy.check(ctx, "set_image_location")
        image = self._own(ctx, image_id)
        size_bytes = self._size_bytes(location.url)
        _check_sums(image, location.sums)
        copy = ImageCopy(
            image_id=image_id, store=_STORE, location=location.url, created_at=clock.stamp(),
            metadata=location.metadata, is_whole=1,
        )  # fmt: skip
        with self._db.transaction() as tx:
            known = image_copies.of_image(tx, image_id)
            if len(known) >= LOCATIONS_MAX:
                raise errors.TooLarge(f"An image has at most {LOCATIONS_MAX} locations.")
            if any(one.location == location.url for one in known):
                raise errors.BadRequest(f"Location {location.url[:300]} is the image's already.")
            image_copies.create(tx, copy)
            now = images.get(tx, image_id)
            if now.status is ImageStatus.QUEUED:
                images.advance(
                    tx, now, ImageEvent.LOCATED, size_bytes=size_bytes,
                    checksum_md5=location.sums.get("checksum"),
                    checksum_sha512=location.sums.get("os_hash_value"),
                )  # fmt: skip
            elif now.status is not ImageStatus.ACTIVE:
                raise errors.Conflict(f"Image {image_id} is {now.status}: it takes no location.")

    def replace(
        self, ctx: context.RequestContext, image_id: str, wanted: Sequence[Location]
    ) -> None:
        """Change what is said of the locations, all of which are named; to a queued image they are
        added. Raises BadRequest for others, and like `add`.
        """
        policy.check(ctx, "set_image_location")
        image = self._own(ctx, image_id)
        if image.status is ImageStatus.QUEUED:
            for location in wanted:
                self.add(ctx, image_id, location)
            return
        by_url = {copy.location: copy for copy in image.copies if copy.store == _STORE}
        if not wanted or {location.url for location in wanted} != by_url.keys():
            raise errors.BadRequest("Locations are added and removed one by one, not replaced.")
        with self._db.transaction() as tx:
            for location in wanted:
                image_copies.put_metadata(tx, by_url[location.url], location.metadata)

    def remove(self, ctx: context.RequestContext, image_id: str, place: int) -> None:
        """Forget the location at `place`. Raises Forbidden for the last, NotFound for none."""
        policy.check(ctx, "delete_image_location")
        image = self._own(ctx, image_id)
        offset = 1 if image.location is not None else 0
        if not 0 <= place < offset + len(image.copies):
            raise errors.NotFound("location", str(place))
        if offset + len(image.copies) == 1:
            raise errors.Forbidden("Cannot delete the last location of an image.")
        if place < offset:
            raise errors.Forbidden(
                "Where the store has put the bytes itself is not yours to remove."
            )
        with self._db.transaction() as tx:
            image_copies.delete(tx, image.copies[place - offset])

    def _own(self, ctx: context.RequestContext, image_id: str) -> Image:
        if not (self._settings.show_locations or ctx.is_admin):
            raise errors.Forbidden(
                "It's not allowed to set locations: image.show_locations is off."
            )
        return owned(self._db, ctx, image_id)

    def _size_bytes(self, url: str) -> int | None:
        """How many bytes are there. Raises BadRequest when there are none to be had."""
        web_download.check(url, self._settings)
        try:
            page = web_download.open_page(url, self._settings)
        except errors.NovaboxError as error:
            raise errors.BadRequest(f"Invalid location: {error}") from error
        page.chunks.close()
        return page.size_bytes


def _check_sums(image: Image, sums: Mapping[str, str]) -> None:
    """Raise Conflict for other sums than the image's, BadRequest for what are none."""
    if not sums:
        return
    own = {"checksum": image.checksum_md5, "os_hash_value": image.checksum_sha512}
    if image.status is not ImageStatus.QUEUED:
        same = all(own[name] == sums[name] for name in own if name in sums)
        if not same or sums.get("os_hash_algo", "sha512") != "sha512":
            raise errors.Conflict("The location's validation_data are not those of the image.")
        return
    if sums.get("os_hash_algo", "sha512") != "sha512" or not _SHA512.fullmatch(
        sums.get("os_hash_value", "")
    ):
        raise errors.BadRequest("os_hash_algo is sha512 here, with 128 hexadecimal digits.")
    if "checksum" in sums and not _MD5.fullmatch(sums["checksum"]):
        raise errors.BadRequest("checksum is an md5: 32 hexadecimal digits.")
