"""Images into the cloud, each only if it is not there already."""

from __future__ import annotations

import contextlib

from tui import quantities, transfers
from tui.client import openstack, verbs
from tui.client.errors import ClientError
from tui.client.openstack import StoredImage
from tui.client.session import Session
from tui.demo.teller import Teller
from tui.demo.tiny import ImageFile


async def ensure(
    session: Session, file: ImageFile, *, properties: dict[str, str], teller: Teller
) -> StoredImage:
    """Return the image of ``file``: the one that is there, or else a new one.

    Images of the same name but of other data are deleted once the new one is there.
    """
    with teller.step(f"image {file.name}") as step:
        known = await session.fetch(verbs.image.images(file.name), openstack.images)
        for image in known:
            if _is_same(image, file, properties):
                step.note = f"there already, {quantities.size(file.size_bytes)}"
                return image
        image = await _upload(session, file, properties=properties, teller=teller)
        await _delete(session, known, teller=teller)
        step.note = f"uploaded {quantities.size(file.size_bytes)} as {file.disk_format}"
        return image


def _is_same(image: StoredImage, file: ImageFile, properties: dict[str, str]) -> bool:
    is_whole = image.status == "active" and image.checksum == file.checksum
    return is_whole and all(getattr(image, name) == value for name, value in properties.items())


async def _upload(
    session: Session, file: ImageFile, *, properties: dict[str, str], teller: Teller
) -> StoredImage:
    """Register and send; whatever stops it, no image without data is left."""
    formats = {"disk_format": file.disk_format, "container_format": file.container_format}
    fields = {"name": file.name, **formats, **properties}
    image = await session.fetch(verbs.image.create_image(fields), openstack.image)
    try:
        with teller.bar(file.name, file.size_bytes) as went:
            call = verbs.image.upload_image(image.id)
            await transfers.upload(session, call, file.path, at=went)
    except BaseException:
        with contextlib.suppress(ClientError):
            await session.send(verbs.image.delete_image(image.id))
        raise
    return image


async def _delete(session: Session, images: list[StoredImage], *, teller: Teller) -> None:
    for image in images:
        try:
            await session.send(verbs.image.delete_image(image.id))
        except ClientError as error:
            teller.say(f"    an older {image.name} stays: {error}", style="yellow")
