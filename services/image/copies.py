"""Further places of an image's bytes: made, checked, and removed. Knows no task and no request.

A copy is a row before its first byte is written, and whole when the row says so: what a killed
process leaves is found by its row.
"""

import contextlib
from collections.abc import Generator, Mapping

from appliance import clock, errors, ids, trace
from appliance.db import connection, image_copies
from appliance.model.image import Image
from appliance.model.image_copy import ImageCopy
from services.image import stores
from services.image.chunks import Chunks
from storage.images.checksums import Summing
from storage.images.store import Store


class Copies:
    """The copies of one cloud's images; safe for threads."""

    def __init__(self, db: connection.Database, by_name: Mapping[str, Store]) -> None:
        self._db = db
        self._stores = by_name

    def make(self, image: Image, store: str, chunks: Generator[bytes]) -> None:
        """Have the image's bytes in one more store too, checked against its sums.

        Raises StoreError, Unavailable, TooLarge, Superseded when the image was deleted meanwhile;
        nothing of it is left in that store then.
        """
        copy = ImageCopy(
            image_id=image.id, store=store, location=f"{image.id}-{ids.new_hex()[:8]}",
            created_at=clock.stamp(),
        )  # fmt: skip
        with contextlib.closing(chunks):
            with self._db.transaction() as tx:
                image_copies.create(tx, copy)
            try:
                self._write(image, copy, chunks)
                self._finish(copy)
            except BaseException:
                self.remove(copy)
                raise

    def remove(self, copy: ImageCopy) -> None:
        """Remove the bytes of one copy, and then its row. Raises StoreError, Unavailable."""
        with stores.translated(copy.image_id):
            self._stores[copy.store].delete(copy.location)
        with self._db.transaction() as tx:
            image_copies.delete(tx, copy)

    def remove_all(self, image: Image) -> None:
        """Of a deleted image: also those that a dead process was writing."""
        for is_whole in (True, False):
            for copy in image_copies.of_image(self._db, image.id, is_whole=is_whole):
                self.remove(copy)

    def _write(self, image: Image, copy: ImageCopy, chunks: Generator[bytes]) -> None:
        store = self._stores[copy.store]
        reader = Summing(Chunks(chunks, size_bytes=image.size_bytes))
        with trace.hop("stream", "COPY image", target=store.target, image=image.id) as span:
            with stores.translated(image.id):
                store.add(copy.location, reader)
            span.bytes = reader.size_bytes
        if image.checksum_sha512 not in (None, reader.sha512):
            raise errors.StoreError(f"image {image.id}: its bytes are not what they were")

    def _finish(self, copy: ImageCopy) -> None:
        with self._db.transaction() as tx:
            is_wanted = image_copies.put_whole(tx, copy)
        if not is_wanted:
            raise errors.Superseded(f"image {copy.image_id} was deleted while it was copied")
