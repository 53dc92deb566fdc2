"""Which stores there are, and their errors as ours."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from appliance import config, credentials, errors, keystone, trace
from services.image import store_settings, web_store
from storage import blobs
from storage.images import aws_signing, file, s3, swift
from storage.images.handover import Handover
from storage.images.store import (
    ImageStoreError,
    Store,
    StoreFull,
    StoreUnreachable,
)

Account = Callable[[], swift.Access]  # of this box's object store, with a token that may write


class Stores(dict[str, Store]):
    """Stores by their names; one that is not configured any more is an error that says so."""

    def __missing__(self, name: str) -> Store:
        raise errors.StoreError(
            f"the store {name!r} is not configured (open: {', '.join(self)}): what lies there can "
            "neither be read nor removed until it is"
        )


def open_stores(settings: config.Settings, account: Account) -> Mapping[str, Store]:
    """Every store by its name in the configuration; an image stays in the one it was put in.

    `account` is that of this cloud's own object store. Raises ConfigError.
    """
    store_settings.check(settings)

    def access() -> swift.Access:
        own = account()
        return replace(own, headers={**own.headers, **trace.header()})

    found = Stores(
        swift=swift.SwiftStore(
            access,
            segment_bytes=settings.image.segment_bytes,
            handover=Handover(settings.home / "run", trace=_traced),
        ),
        file=file.FileStore(settings.home / "images"),
        http=web_store.WebStore(settings.image),
    )
    if store_settings.has_remote_swift(settings):
        found["remote-swift"] = _remote_swift(settings)
    if store_settings.has_s3(settings):
        found["s3"] = _s3(settings)
    return found


def _traced() -> str:
    """The request and hop under which a store is asked."""
    return trace.header().get(trace.HEADER, "")


def written(settings: config.Settings) -> tuple[str, ...]:
    """The stores that images are put in, the one for new images first."""
    return tuple(dict.fromkeys((settings.image.store, *settings.image.stores)))


def _remote_swift(settings: config.Settings) -> swift.SwiftStore:
    remote = settings.image.remote_swift

    def login() -> credentials.Login:
        password = store_settings.remote_password(settings)
        return credentials.Login(user=remote.user, password=password, project=remote.project)

    tokens = keystone.Tokens(remote.auth_url.rstrip("/"), login, region=remote.region)

    def access() -> swift.Access:
        """That cloud is not told our trace."""
        token = tokens.token()
        return swift.Access(
            url=token.url("object-store").rstrip("/"),
            headers={"X-Auth-Token": token.id},
            forget=lambda: tokens.invalidate(token),
        )

    return swift.SwiftStore(
        access, container=remote.container, segment_bytes=settings.image.segment_bytes
    )


def _s3(settings: config.Settings) -> s3.S3Store:
    bucket = s3.Bucket(
        endpoint=settings.image.s3.endpoint.rstrip("/"),
        name=settings.image.s3.bucket,
        key=aws_signing.Key(
            access=settings.image.s3.access_key,
            secret=store_settings.s3_secret_key(settings),
            region=settings.image.s3.region,
        ),
    )
    spool = settings.home / "staging"
    blobs.make_directory(spool)
    return s3.S3Store(bucket, spool=spool)


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
