"""Which stores there are, and their errors as ours."""

import contextlib
from collections.abc import Callable, Iterator, Mapping

from appliance import config, errors, trace
from services.image import web_store
from storage.images import file, swift
from storage.images.store import (
    ImageStoreError,
    Store,
    StoreFull,
    StoreUnreachable,
)

Account = Callable[[], tuple[str, str]]  # the account's URL, and a token that may write there


def open_stores(settings: config.Settings, account: Account) -> Mapping[str, Store]:
    """Every store by its name in the configuration; an image stays in the one it was put in."""

    def access() -> swift.Access:
        url, token = account()
        return swift.Access(url=url, headers={"X-Auth-Token": token, **trace.header()})

    return {
        "swift": swift.SwiftStore(access),
        "file": file.FileStore(settings.home / "images"),
        "http": web_store.WebStore(settings.image),
    }


def written(settings: config.Settings) -> tuple[str, ...]:
    """The stores that images are put in, the one for new images first."""
    others = [name for name in ("swift", "file") if name in settings.image.stores]
    return tuple(dict.fromkeys((settings.image.store, *others)))


@contextlib.contextmanager
def translated(image_id: str) -> Iterator[None]:
    """Raise what a store says as ours: TooLarge when it is full (as Glance), Unavailable when later
    may be better, StoreError otherwise.
    """
    try:
        yield
    except StoreFull as error:
        raise errors.TooLarge(f"Image storage media is full: image {image_id}: {error}") from error
    except StoreUnreachable as error:
        raise errors.Unavailable(f"image {image_id}: the store is away: {error}") from error
    except ImageStoreError as error:
        raise errors.StoreError(f"image {image_id}: {error}") from error
