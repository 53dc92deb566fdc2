"""The bytes of images: into a store, out of it, and away. Knows no request and no JSON."""

import contextlib
import logging
import os
import secrets
from collections.abc import Generator, Iterator, Mapping
from typing import Final

from appliance import clock, config, errors, processes, trace
from appliance.db import connection, images
from appliance.model.image import Image, ImageEvent, ImageStatus
from services.image import stores
from services.image.copies import Copies
from services.image.incoming import Incoming
from services.image.inspection import Reader
from storage.images.store import Store

log = logging.getLogger(__name__)

_BESIDES_S: Final = 60.0  # a claim lasts this long after a client may have fallen silent


class Data:
    """The bytes of one cloud's images; safe for threads."""

    def __init__(
        self, settings: config.Settings, db: connection.Database, by_name: Mapping[str, Store]
    ) -> None:
        self._settings = settings
        self._db = db
        self._stores = by_name
        self.copies = Copies(db, by_name)

    @property
    def size_bytes_max(self) -> int:
        """The largest image that is accepted."""
        return self._settings.image.size_bytes_max

    def upload(self, image: Image, reader: Reader, *, store: str | None = None) -> Image:
        """Fill a queued image, in the store named or that for new ones: queued → saving → active.

        On any error the bytes are removed and the image is queued again. Killed in the middle, the
        row stays `saving` under a claim, and the worker's sweep does the same. Raises Conflict when
        the image is not queued, Gone when it was deleted meanwhile, and what reader and store say.
        """
        if image.disk_format is None or image.container_format is None:
            raise errors.BadRequest(
                "Properties disk_format, container_format must be set prior to saving data."
            )
        saving = self._reserve(image, store or self._settings.image.store)
        with contextlib.ExitStack() as undo, _gone_when_superseded(image.id):
            undo.callback(self.clean_up, saving)
            active = self.fill(saving, reader)
            undo.pop_all()
        return active

    def begin_import(self, image: Image, *, store: str | None = None) -> Image:
        """Have a new location for the bytes of an import that we hold, and nothing in the old one.

        Raises Superseded when it is not ours any more, StoreError, Unavailable.
        """
        self._remove(image)
        _, name = self._new_owner()
        with self._db.transaction() as tx:
            return images.begin_import(
                tx, image, store=store or self._settings.image.store,
                location=f"{image.id}-{name}",
            )  # fmt: skip

    def put_off(self, image: Image, reason: str) -> None:
        """Let go of an import that the sweep shall take again; what it wrote goes then."""
        with self._db.transaction() as tx:
            images.put_off(tx, image, reason=reason)

    def fill(self, image: Image, reader: Reader) -> Image:
        """Write the bytes of an image that we hold: saving or importing → active.

        Raises Superseded when it is not ours any more, and what reader and store say; the row is
        then as it was, and `clean_up` is due.
        """
        incoming = Incoming(
            reader,
            disk_format=image.disk_format,
            container_format=image.container_format or "bare",
            size_bytes_max=self.size_bytes_max,
            virtual_size_bytes_max=self._settings.image.virtual_size_bytes_max,
            renew=lambda: self.renew(image),
        )
        self._add(image, incoming)
        active = self._activate(image, incoming)
        log.info("image %s: active, %d bytes", image.id, incoming.sums.size_bytes)
        return active

    def open(self, image: Image, *, offset: int = 0, length: int | None = None) -> Generator[bytes]:
        """The bytes of an active image, as chunks; its store has answered when this returns.

        Raises StoreError, Unavailable; the latter also in the middle, when the bytes break off.
        """
        places = _places(image)
        for place in places:
            chunks = self._chunks(image, place, offset=offset, length=length)
            try:
                next(chunks)
            except (errors.StoreError, errors.Unavailable):
                if place == places[-1]:
                    raise
                log.warning(
                    "image %s: not had from %s, the next place is tried", image.id, place[0]
                )
            else:
                return chunks
        raise errors.StoreError(f"image {image.id} has no place where its bytes are")

    def copy(self, image: Image, store: str) -> None:
        """Have the bytes in one more store too. Raises what `Copies.make` and `open` raise."""
        self.copies.make(image, store, self.open(image))

    def clean_up(self, image: Image, *, reason: str = "") -> None:
        """Remove the bytes of an upload or import that failed, or of a deleted image, and say so in
        its row.

        Runs twice without harm. A store that does not answer leaves all to the worker's next sweep.
        """
        try:
            with trace.hop("stream", "DELETE image", target=self._target(image), image=image.id):
                self._remove(image)
                if image.status is ImageStatus.PENDING_DELETE:
                    self.copies.remove_all(image)
        except (errors.StoreError, errors.Unavailable) as error:
            log.warning("image %s: bytes not removed yet: %s", image.id, error)
            self.put_off(image, reason or image.reason)
            return
        event = {
            ImageStatus.SAVING: ImageEvent.CUT_OFF,
            ImageStatus.IMPORTING: ImageEvent.IMPORT_FAILED,
            ImageStatus.PENDING_DELETE: ImageEvent.REMOVED,
        }
        with self._db.transaction() as tx, contextlib.suppress(errors.Superseded):
            now = images.get(tx, image.id)
            if now.status in event and now.claim_owner == image.claim_owner:
                images.advance(tx, now, event[now.status], store=None, location=None, reason=reason)

    def is_abandoned(self, image: Image) -> bool:
        """Whether nobody is writing the bytes: no claim, one that has ended, or a dead process's.

        A process of another host is believed until its claim ends.
        """
        if image.claim_owner is None or image.claim_expires_at is None:
            return True
        if image.claim_expires_at < clock.stamp():
            return True
        host, pid, _ = image.claim_owner.rsplit("/", 2)
        return host == self._settings.host and not processes.is_alive(int(pid))

    def take_over(self, image: Image) -> Image:
        """Claim what is abandoned: whoever wrote its bytes cannot finish any more.

        Raises Superseded when somebody else did.
        """
        owner, _ = self._new_owner()
        with self._db.transaction() as tx:
            return images.claim(tx, image, owner=owner, until=self._claim_end())

    def _new_owner(self) -> tuple[str, str]:
        """Who claims: this host and process, and a name that no other claim has."""
        name = secrets.token_hex(4)
        return f"{self._settings.host}/{os.getpid()}/{name}", name

    def _reserve(self, image: Image, store: str) -> Image:
        """Say in the row that bytes are coming, and where to, before the first one is stored.

        Each upload has a location of its own: one that was given up cannot overwrite the next.
        """
        owner, name = self._new_owner()
        with self._db.transaction() as tx:
            return images.advance(
                tx, image, ImageEvent.UPLOAD,
                store=store, location=f"{image.id}-{name}",
                claim_owner=owner, claim_expires_at=self._claim_end(), reason="",
            )  # fmt: skip

    def _add(self, image: Image, incoming: Incoming) -> None:
        store = self._stores[image.store or ""]
        with (
            trace.hop("stream", "PUT image", target=store.target, image=image.id) as span,
            stores.translated(image.id),
        ):
            stored = store.add(image.location or "", incoming)
            span.bytes = stored.size_bytes
        if (stored.size_bytes, stored.etag) != (incoming.sums.size_bytes, incoming.sums.md5):
            raise errors.StoreError(
                f"image {image.id}: {incoming.sums.size_bytes} bytes of md5 {incoming.sums.md5} "
                f"were sent, the store has {stored.size_bytes} of md5 {stored.etag}"
            )

    def _activate(self, image: Image, incoming: Incoming) -> Image:
        sums = incoming.sums
        with self._db.transaction() as tx:
            return images.advance(
                tx, image, ImageEvent.STORED, disk_format=incoming.disk_format, reason="",
                size_bytes=sums.size_bytes, virtual_size_bytes=incoming.virtual_size_bytes,
                checksum_md5=sums.md5, checksum_sha512=sums.sha512, checksum_xxh3=sums.xxh3,
            )  # fmt: skip

    def renew(self, image: Image) -> None:
        """Hold the image longer. Raises Superseded when it is not ours any more."""
        with self._db.transaction() as tx:
            images.claim(tx, image, owner=image.claim_owner or "", until=self._claim_end())

    def _claim_end(self) -> str:
        return clock.stamp(clock.now() + self._settings.image.upload_idle_s + _BESIDES_S)

    def _chunks(
        self, image: Image, place: tuple[str, str], *, offset: int, length: int | None
    ) -> Generator[bytes]:
        """Yields once, empty, when the store has answered."""
        store = self._stores[place[0]]
        with (
            trace.hop("stream", "GET image", target=store.target, image=image.id) as span,
            stores.translated(image.id),
        ):
            chunks = store.get(place[1], offset=offset, length=length)
            span.bytes = 0
            yield b""
            for chunk in chunks:
                span.bytes += len(chunk)
                yield chunk

    def _remove(self, image: Image) -> None:
        if image.store is not None and image.location is not None:
            with stores.translated(image.id):
                self._stores[image.store].delete(image.location)

    def _target(self, image: Image) -> str:
        store = self._stores.get(image.store or "")
        return store.target if store else "disk"


def _places(image: Image) -> list[tuple[str, str]]:
    """Where the bytes are, by store and location; the image's own place first."""
    own = [(image.store, image.location)] if image.store and image.location else []
    return own + [(copy.store, copy.location) for copy in image.copies]


@contextlib.contextmanager
def _gone_when_superseded(image_id: str) -> Iterator[None]:
    try:
        yield
    except errors.Superseded as error:
        raise errors.Gone(
            f"Image {image_id} could not be found after upload. The image may have been deleted "
            "during the upload, cleaning up the chunks uploaded."
        ) from error
