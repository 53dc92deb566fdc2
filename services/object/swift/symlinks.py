"""Objects that stand for another one (Swift, common/middleware/symlink.py).

A link is an empty object whose metadata names its target; a static one also the etag that the
target must have. It refuses to know who may read the target.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, unquote

from services.object import headers
from services.object.refusals import Refused
from storage.objects.object_file import ObjectName, ObjectRecord

TARGET: Final = "X-Symlink-Target"
TARGET_ACCOUNT: Final = "X-Symlink-Target-Account"
TARGET_ETAG: Final = "X-Symlink-Target-Etag"
TARGET_BYTES: Final = "X-Symlink-Target-Bytes"
OWN: Final = (TARGET, TARGET_ACCOUNT, TARGET_ETAG, TARGET_BYTES)
LINKS_MAX: Final = 2  # Swift's symloop_max


def is_link(metadata: Mapping[str, str]) -> bool:
    """Return whether an object is a link."""
    return TARGET in metadata


def target(name: ObjectName, metadata: Mapping[str, str]) -> ObjectName:
    """Return what the link `name` stands for."""
    container, _, target_name = unquote(metadata[TARGET]).partition("/")
    account = unquote(metadata.get(TARGET_ACCOUNT, "")) or name.account
    return ObjectName(account, container, target_name)


def asked(said: Mapping[str, str], name: ObjectName) -> dict[str, str]:
    """Return the metadata of the link that a PUT of `name` asks for; none if it asks for none.

    Refuses a target that is no path (412), or the link itself (400).
    """
    if (text := said.get(TARGET.lower())) is None:
        return {}
    container, slash, target_name = unquote(text).lstrip("/").partition("/")
    if not (container and slash and target_name):
        raise Refused(412, f"{TARGET} header must be of the form <container name>/<object name>")
    account = unquote(said.get(TARGET_ACCOUNT.lower(), ""))
    if "/" in account:
        raise Refused(412, "Account name cannot contain slashes")
    metadata = {TARGET: quote(f"{container}/{target_name}")}
    if account and account != name.account:
        metadata[TARGET_ACCOUNT] = quote(account)
    if target(name, metadata) == name:
        raise Refused(400, "Symlink cannot target itself")
    return metadata


def kept(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return what makes an object a link, which a POST does not change."""
    return {name: metadata[name] for name in OWN if name in metadata}


def pinned(record: ObjectRecord, etag: str) -> dict[str, str]:
    """Return the metadata of a static link to what is there now. Refuses another etag: 409."""
    if etag.lower() != record.etag:
        raise Refused(409, f"Object Etag {record.etag!r} does not match {TARGET_ETAG} {etag!r}")
    return {TARGET_ETAG: record.etag, TARGET_BYTES: str(record.size_bytes)}


def marked(content_type: str, name: ObjectName, metadata: Mapping[str, str]) -> str:
    """Return a link's content type, with where it leads for listings to show."""
    found = target(name, metadata)
    path = quote(f"/v1/{found.account}/{found.container}/{found.name}")
    return headers.marked(content_type, **{headers.LINK_MARK: path})
