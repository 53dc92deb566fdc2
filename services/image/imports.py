"""An image's bytes from where its user put them: an uploaded disk, or a bundle by its manifest."""

from collections.abc import Generator

from appliance import config, errors, trace
from appliance.model.image import Image
from services.image import bundles, certificate, manifests, sources
from services.image.data import Data
from services.image.inspection import Reader


class Imports:
    """Imports of images that we hold."""

    def __init__(self, settings: config.Settings, data: Data, *, objects: sources.Sources) -> None:
        self._settings = settings
        self._data = data
        self._objects = objects
        self._opener = certificate.Opener(settings.etc_dir)

    def run(self, image: Image) -> None:
        """importing → active, or → queued with the reason and without bytes.

        Raises Unavailable when the object store is away: the row stays, for the sweep; Superseded
        when the image was deleted meanwhile; otherwise what failed, when the row has it.
        """
        importing = image
        try:
            importing = self._data.begin_import(image)
            self._check_attempts(importing)
            self._fetch(importing)
        except errors.Unavailable as error:
            self._data.put_off(importing, str(error))
            raise
        except Exception as error:
            self._data.clean_up(importing, reason=str(error))
            raise

    def _check_attempts(self, image: Image) -> None:
        if image.attempts > self._settings.queue.attempts_max:
            raise errors.StoreError(
                f"The import was begun {image.attempts - 1} times and never finished. "
                f"{image.reason}".rstrip()
            )

    def _fetch(self, image: Image) -> None:
        location = sources.parse(image.properties.get(sources.PROPERTY, ""))
        with trace.hop("stream", f"import {location}", target="object", image=image.id) as span:
            image = self._data.fill(image, self._reader(image, location))
            span.bytes = image.size_bytes

    def _reader(self, image: Image, location: sources.Location) -> Reader:
        if not location.is_manifest:
            return _Chunks(self._objects.chunks(image.project_id, location))
        document = self._objects.read(
            image.project_id, location, size_bytes_max=manifests.BYTES_MAX
        )
        manifest = manifests.parse(document)

        def open_part(filename: str) -> Generator[bytes]:
            return self._objects.chunks(image.project_id, location.beside(filename))

        return bundles.Bundle(
            manifest,
            open_part,
            key=self._opener.open(manifest.encrypted_key),
            iv=self._opener.open(manifest.encrypted_iv),
        )


class _Chunks:
    """An object as a reader; each read is one chunk, of whatever size the store sends."""

    def __init__(self, chunks: Generator[bytes]) -> None:
        self._chunks = chunks

    def read(self, _size_bytes: int, /) -> bytes:
        return next(self._chunks, b"")
