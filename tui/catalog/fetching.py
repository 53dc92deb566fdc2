"""One entry into the cloud: checked against its publisher first, and once only.

An image of ours carries the tag ``novabox-catalog``, its entry's name and the publisher's
checksum: by these it is found again. An older image of the same entry is hidden once the newer
one is there, as Glance means ``os_hidden``: servers made of it keep it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from tui import quantities
from tui.catalog import checksums, download
from tui.catalog.download import Source
from tui.catalog.entries import Entry
from tui.catalog.progress import At, Teller
from tui.catalog.shelf import Shelf
from tui.client import openstack, verbs
from tui.client.errors import ClientError
from tui.client.openstack import StoredImage
from tui.client.session import Session, Standing

TAG: Final = "novabox-catalog"
_ABANDONED_S: Final = 600.0  # clocks of two machines may differ by some minutes
_PIECE_BYTES: Final = 1 << 20  # one thread hop for each


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How the user wants it. Without ``visibility`` it is public if an admin asks."""

    name: str | None = None
    visibility: str | None = None
    force: bool = False
    keep_file: bool = False

    def visibility_for(self, standing: Standing) -> str:
        """What the image is to be."""
        return self.visibility or ("public" if "admin" in standing.roles else "private")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came of one entry."""

    entry: Entry
    image: StoredImage
    is_new: bool
    checksum: str
    seconds: float
    kept: Path | None = None

    def document(self) -> dict[str, Any]:
        """Return it for ``--json``."""
        return {
            "entry": self.entry.name,
            "status": "fetched" if self.is_new else "unchanged",
            "id": self.image.id,
            "name": self.image.name,
            "visibility": self.image.visibility,
            "size_bytes": self.image.size,
            "checksum": self.checksum,
            "user": self.entry.user,
            "file": str(self.kept) if self.kept else None,
            "seconds": round(self.seconds, 3),
        }


async def known(session: Session) -> list[StoredImage]:
    """Return the images of a catalogue that all or we ourselves may use. Raises ClientError."""
    standing = await session.log_in()
    return _usable(await _tagged(session), standing)


async def _tagged(session: Session) -> list[StoredImage]:
    return await session.fetch(verbs.image.tagged_images(TAG), openstack.images)


def _usable(images: list[StoredImage], standing: Standing) -> list[StoredImage]:
    return [
        image
        for image in images
        if image.status == "active"
        and (image.visibility == "public" or image.owner == standing.project_id)
    ]


async def fetch(
    session: Session, source: Source, entry: Entry, *, wish: Wish, place: Shelf, teller: Teller
) -> Fetched:
    """Have the entry's image in the cloud; nothing is done when it is there already.

    Raises FetchFailed or ClientError. Whatever stops it, no image without data is left; what was
    downloaded stays for the next time.
    """
    began_s = time.monotonic()
    standing = await session.log_in()
    visibility = wish.visibility_for(standing)
    expected = await _expected(source, entry, teller=teller)
    checksum = f"{entry.algorithm}:{expected}"
    every = [image for image in await _tagged(session) if image.novabox_catalog == entry.name]
    same_entry = _usable(every, standing)
    found = _found(same_entry, checksum, name=wish.name, visibility=visibility)
    if found is not None and not wish.force:
        took_s = time.monotonic() - began_s
        return Fetched(entry=entry, image=found, is_new=False, checksum=checksum, seconds=took_s)
    with place.alone(entry):
        path = await download.verified(source, entry, expected, place=place, teller=teller)
        fields = {
            **entry.image_fields(), "name": wish.name or entry.name, "visibility": visibility,
            "tags": [TAG], "novabox_catalog": entry.name, "novabox_catalog_checksum": checksum,
        }  # fmt: skip
        with path.open("rb", buffering=0) as file:
            try:
                image = await _upload(session, fields, file, entry=entry, teller=teller)
            except ClientError:
                teller.say(f"{entry.name}: the verified file is kept: {path}")
                raise
        if not wish.keep_file:
            path.unlink()
    await _clear(session, [one for one in every if _is_abandoned(one, standing)])
    older = [one for one in same_entry if one.name == image.name and _is_ours(one, standing)]
    await _hide(session, older, teller=teller)
    return Fetched(
        entry=entry, image=image, is_new=True, checksum=checksum,
        seconds=time.monotonic() - began_s, kept=path if wish.keep_file else None,
    )  # fmt: skip


async def _expected(source: Source, entry: Entry, *, teller: Teller) -> str:
    """Return the publisher's checksum."""
    if entry.checksum:
        return entry.checksum.lower()
    text = await download.checksum_list(source, entry, teller=teller)
    return checksums.find(
        text, file_name=entry.file_name, algorithm=entry.algorithm, source=entry.checksums
    )


def _found(
    images: list[StoredImage], checksum: str, *, name: str | None, visibility: str
) -> StoredImage | None:
    """Return the image that is as it is wanted; what all may use is good for one project."""
    for image in images:
        is_seen = image.visibility in (visibility, "public")
        if image.novabox_catalog_checksum == checksum and is_seen and name in (None, image.name):
            return image
    return None


def _is_abandoned(image: StoredImage, standing: Standing) -> bool:
    """Say whether it waits for data of a command that was killed: a living one sends at once."""
    made_s = quantities.epoch_s(image.created_at)
    is_old = made_s is not None and time.time() - made_s > _ABANDONED_S
    return image.status == "queued" and is_old and _is_ours(image, standing)


def _is_ours(image: StoredImage, standing: Standing) -> bool:
    return image.owner == standing.project_id


async def _upload(
    session: Session, fields: dict[str, Any], file: BinaryIO, *, entry: Entry, teller: Teller
) -> StoredImage:
    """Register and send; whatever stops it, no image without data is left."""
    image_id = str(uuid.uuid4())  # ours to say: stopped before the answer, we know what to delete
    size_bytes = (await asyncio.to_thread(Path(file.name).stat)).st_size
    try:
        await session.send(verbs.image.create_image({"id": image_id, **fields}))
        teller.say(f"{entry.name}: uploading {quantities.size(size_bytes)} to the cloud")
        with teller.amount(entry.name, "uploading", total_bytes=size_bytes) as at:
            await session.upload(verbs.image.upload_image(image_id), _pieces(file, at))
        return await session.fetch(verbs.image.image(image_id), openstack.image)
    except BaseException:
        await _take_back(session, image_id, entry=entry, teller=teller)
        raise


async def _take_back(session: Session, image_id: str, *, entry: Entry, teller: Teller) -> None:
    """Delete the image if there is one; say so when it stays, which has no data."""
    try:
        await session.send(verbs.image.delete_image(image_id))
    except ClientError as error:
        if getattr(error, "status", None) != 404:
            text = f"{entry.name}: image {image_id}, without data, could not be deleted: {error}"
            teller.say(text, style="yellow")


async def _pieces(file: BinaryIO, at: At) -> AsyncIterator[bytes]:
    done_bytes = 0
    while piece := await asyncio.to_thread(file.read, _PIECE_BYTES):
        yield piece
        done_bytes += len(piece)
        at(done_bytes)


async def _clear(session: Session, images: list[StoredImage]) -> None:
    for image in images:
        with contextlib.suppress(ClientError):
            await session.send(verbs.image.delete_image(image.id))


async def _hide(session: Session, images: list[StoredImage], *, teller: Teller) -> None:
    for image in images:
        try:
            await session.send(verbs.image.hide_image(image.id))
            teller.say(f"{image.name}: older image hidden: {image.id}", style="dim")
        except ClientError as error:
            teller.say(f"{image.name}: the older image stays in the lists: {error}", style="yellow")
