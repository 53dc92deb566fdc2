"""What the settings say of stores, checked at start: a wrong one is told with what to write where.

Knows the keys and their files; opens no store.
"""

import difflib
import logging
import stat
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from appliance import config, errors
from storage.images import swift

log = logging.getLogger(__name__)

SECRET_BYTES_MAX: Final = 4096
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_TABLES: Final = {
    "remote-swift": (
        "image.remote_swift.auth_url",
        '[image.remote_swift] auth_url = "https://HOST:5000/v3", user = "…", project = "…", '
        'password_file = "etc/remote-swift-password"',
    ),
    "s3": (
        "image.s3.endpoint",
        '[image.s3] endpoint = "https://HOST", access_key = "…", '
        'secret_key_file = "etc/s3-secret-key"',
    ),
}


def has_remote_swift(settings: config.Settings) -> bool:
    """Whether another cloud's object store is configured."""
    return bool(settings.image.remote_swift.auth_url)


def has_s3(settings: config.Settings) -> bool:
    """Whether an S3 is configured."""
    return bool(settings.image.s3.endpoint)


def check(settings: config.Settings) -> None:
    """Look at every key about stores, and at the files they name.

    Raises ConfigError that says what to write where. A secret that others may read is warned of.
    """
    for key, names in (("store", (settings.image.store,)), ("stores", settings.image.stores)):
        for name in names:
            _check_name(settings, f"image.{key}", name)
    _check_segments(settings.image)
    if has_remote_swift(settings):
        remote = settings.image.remote_swift
        given = {"user": remote.user, "project": remote.project, "container": remote.container}
        _check_table("image.remote_swift", url=("auth_url", remote.auth_url), given=given)
        remote_password(settings)
    if has_s3(settings):
        s3 = settings.image.s3
        given = {"access_key": s3.access_key, "bucket": s3.bucket, "region": s3.region}
        _check_table("image.s3", url=("endpoint", s3.endpoint), given=given)
        s3_secret_key(settings)


def remote_password(settings: config.Settings) -> str:
    """The password in the file that `image.remote_swift` names. Raises ConfigError."""
    name = settings.image.remote_swift.password_file
    return _secret(settings, "image.remote_swift.password_file", name, what="the password")


def s3_secret_key(settings: config.Settings) -> str:
    """The secret key in the file that `image.s3` names. Raises ConfigError."""
    name = settings.image.s3.secret_key_file
    return _secret(settings, "image.s3.secret_key_file", name, what="the secret key")


def _check_name(settings: config.Settings, key: str, name: str) -> None:
    known = ["swift", "file", *_TABLES]
    if name == "http":
        raise errors.ConfigError(
            f"{key} names http, which is only read: images are put into {', '.join(known)}."
        )
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}."
        raise errors.ConfigError(f"{key} names the unknown store {name!r}. {hint}")
    is_open = {"remote-swift": has_remote_swift(settings), "s3": has_s3(settings)}
    if not is_open.get(name, True):
        empty, example = _TABLES[name]
        raise errors.ConfigError(
            f"{key} names the store {name}, but {empty} is empty. Write it into "
            f"{settings.home / 'novabox.toml'}, as in: {example}; or take {name} out of {key}."
        )


def _check_segments(image: config.Image) -> None:
    if not 1 <= image.segment_bytes <= swift.SEGMENT_BYTES_MAX:
        raise errors.ConfigError(
            f"image.segment_bytes is {image.segment_bytes}: an object has at most "
            f"{swift.SEGMENT_BYTES_MAX} bytes."
        )
    needed = -(-image.size_bytes_max // image.segment_bytes)
    if needed > swift.SEGMENTS_MAX:
        raise errors.ConfigError(
            f"image.segment_bytes is {image.segment_bytes}: an image of image.size_bytes_max "
            f"would be {needed} segments, and an object has at most {swift.SEGMENTS_MAX}. Set "
            f"image.segment_bytes to {-(-image.size_bytes_max // swift.SEGMENTS_MAX)} or more."
        )


def _check_table(table: str, *, url: tuple[str, str], given: Mapping[str, str]) -> None:
    key, text = url
    parts = urllib.parse.urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
        raise errors.ConfigError(f"{table}.{key} is no URL like https://HOST: {text!r}")
    for name, value in given.items():
        if not value:
            raise errors.ConfigError(f"{table}.{name} is empty, but {table}.{key} is {text}.")


def _secret(settings: config.Settings, key: str, name: str, *, what: str) -> str:
    if not name:
        raise errors.ConfigError(
            f"{key} is empty. Write {what} alone into a file in {settings.home}, with mode 600, "
            f"and its name into {key}."
        )
    path = settings.home / name
    try:
        text = _read(path).strip()
    except (OSError, UnicodeError) as error:
        raise errors.ConfigError(
            f"{key} names {path}, which cannot be read ({error}). Write {what} alone into it, "
            "with mode 600, as the user that runs the cloud."
        ) from error
    if not text or len(text.split()) > 1:
        raise errors.ConfigError(f"{key} names {path}, which has not just {what} in it.")
    return text


def _read(path: Path) -> str:
    """A small file's text."""
    with path.open(encoding="utf-8") as file:
        if stat.S_IMODE(path.stat().st_mode) & _OTHERS:
            log.warning("file %s: others may read the secret in it: chmod 600 it", path)
        return file.read(SECRET_BYTES_MAX)
