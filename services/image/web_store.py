"""Images that stay where they are on the web: a store that is only read."""

from collections.abc import Iterator

from appliance import config, errors
from services.image import web_download
from storage.images import store


class WebStore:
    """The store `http`; a location in it is a URL."""

    target = "web"

    def __init__(self, settings: config.Image) -> None:
        self._settings = settings

    def add(self, location: str, reader: store.Reader) -> store.Stored:
        """Refused: nothing is written to the web."""
        raise store.ImageStoreError(f"{location}: the store http is only read")

    def get(self, location: str, *, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes from `offset`, `length` of them or all, as chunks."""
        if length == 0:
            return iter(())
        try:
            page = web_download.open_page(location, self._settings, offset=offset, length=length)
        except errors.NotFound as error:
            raise store.DataNotFound(str(error)) from error
        except errors.NovaboxError as error:
            raise store.StoreUnreachable(str(error)) from error
        return _chunks(page)

    def delete(self, location: str) -> None:
        """Nothing: the bytes are not ours."""


def _chunks(page: web_download.Page) -> Iterator[bytes]:
    try:
        yield from page.chunks
    except errors.NovaboxError as error:
        raise store.StoreUnreachable(str(error)) from error
