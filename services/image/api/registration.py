"""EC2's RegisterImage: what an object of the caller's says of the image that it shall become.

The object is looked at, and a manifest read, so that a user hears at once what is wrong; the worker
reads both again and trusts nothing of what was found here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from appliance import context, errors
from appliance.db import connection, ec2_ids, images
from appliance.model.image import Visibility
from services.image import manifests, sources
from services.image.api.attributes import NewImage
from services.image.manifests import Manifest
from services.image.sources import Location, Sources

ARCHITECTURE: Final = "x86_64"  # where nobody says one, as Nova
_FORMAT_BY_KIND: Final = {"kernel": "aki", "ramdisk": "ari", "machine": "ami"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What a user says of an image that is to be made of an object."""

    location: str
    name: str
    description: str = ""
    architecture: str | None = None
    kernel_id: str | None = None
    ramdisk_id: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


class Registrar:
    """Reads objects of the caller's project, and what else a registration names."""

    def __init__(self, db: connection.Database, objects: Sources, *, size_bytes_max: int) -> None:
        self._db = db
        self._objects = objects
        self._size_bytes_max = size_bytes_max

    def new_image(self, ctx: context.RequestContext, asked: Registration) -> NewImage:
        """The image to be. Raises BadRequest, NotFound, TooLarge, Unavailable, StoreError."""
        location = sources.parse(asked.location)
        if location.is_manifest:
            document = self._objects.read(
                ctx.project_id, location, size_bytes_max=manifests.BYTES_MAX
            )
            manifest = manifests.parse(document)
            self._check_size(location, manifest.size_bytes)
            asked, kind = self._completed(asked, manifest), manifest.kind
        else:
            self._check_size(location, self._objects.size_bytes(ctx.project_id, location))
            kind = "machine"
        return self._new_image(ctx, asked, kind, location=location)

    def _check_size(self, location: Location, size_bytes: int) -> None:
        if size_bytes > self._size_bytes_max:
            raise errors.TooLarge(
                f"The image in {location} has {size_bytes} bytes, over {self._size_bytes_max}."
            )

    def _completed(self, asked: Registration, manifest: Manifest) -> Registration:
        """What was asked, and the manifest's word where nothing was."""
        device = manifest.root_device_name
        return replace(
            asked,
            architecture=asked.architecture or manifest.architecture,
            kernel_id=asked.kernel_id or self._image_id(manifest.kernel_id),
            ramdisk_id=asked.ramdisk_id or self._image_id(manifest.ramdisk_id),
            properties=({"root_device_name": device} if device else {}) | dict(asked.properties),
        )

    def _image_id(self, ec2_id: str | None) -> str | None:
        if ec2_id is None:
            return None
        named = ec2_ids.find(self._db, ec2_id)
        if named is None:
            raise errors.NotFound("image", ec2_id)
        return named[1]

    def _new_image(
        self, ctx: context.RequestContext, asked: Registration, kind: str, *, location: Location
    ) -> NewImage:
        """A plain disk's format is what its bytes are: nobody knows it yet."""
        self._check_boot_image(ctx, asked.kernel_id, "kernel")
        self._check_boot_image(ctx, asked.ramdisk_id, "ramdisk")
        is_plain = kind == "machine" and asked.kernel_id is None
        said = {
            "description": asked.description,
            "architecture": asked.architecture or ARCHITECTURE,
            "kernel_id": asked.kernel_id,
            "ramdisk_id": asked.ramdisk_id,
            sources.PROPERTY: str(location),
        }
        return NewImage(
            name=asked.name,
            visibility=Visibility.PRIVATE,
            disk_format=None if is_plain else _FORMAT_BY_KIND[kind],
            container_format="bare" if is_plain else _FORMAT_BY_KIND[kind],
            properties={**asked.properties, **{name: text for name, text in said.items() if text}},
        )

    def _check_boot_image(
        self, ctx: context.RequestContext, image_id: str | None, kind: str
    ) -> None:
        if image_id is None:
            return
        image = images.get_visible(self._db, image_id, ctx)
        if image.disk_format != _FORMAT_BY_KIND[kind]:
            raise errors.BadRequest(f"Image {image_id} is {image.disk_format}: it is no {kind}.")
