"""HMACs by the keys of accounts and containers, for URLs and forms (Swift, common/digest.py).

A signature is hexadecimal, or `sha256:` and base64; its length or its name says which digest.
"""

from __future__ import annotations

import base64
import binascii
import calendar
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from storage.objects import errors as stored
from storage.objects.object_file import ObjectName
from storage.objects.store import ObjectStore

DIGESTS: Final = ("sha1", "sha256", "sha512")
_BY_SIZE_BYTES: Final = {20: "sha1", 32: "sha256", 64: "sha512"}
_KEYS: Final = ("Temp-Url-Key", "Temp-Url-Key-2")
_ISO_FORMS: Final = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a client says it signed with: a digest's name, and its value."""

    digest: str
    value: bytes

    @classmethod
    def read(cls, text: str) -> Signature | None:
        """Return what a signature says, or None if it is none."""
        name, colon, rest = text.partition(":")
        try:
            if not colon:
                value = bytes.fromhex(text) if text.isascii() and len(text) <= 128 else b""
                return cls(digest=_BY_SIZE_BYTES[len(value)], value=value)
            padded = rest.replace("-", "+").replace("_", "/") + "=" * (-len(rest) % 4)
            value = base64.b64decode(padded, validate=True)
        except (KeyError, ValueError, binascii.Error):
            return None
        is_known = name in DIGESTS and _BY_SIZE_BYTES.get(len(value)) == name
        return cls(digest=name, value=value) if is_known else None

    def is_by(self, key: str, text: str) -> bool:
        """Return whether `key` made it of `text`; takes as long for a wrong one."""
        made = hmac.digest(key.encode("latin-1"), text.encode(), self.digest)
        return hmac.compare_digest(made, self.value)


def keys(store: ObjectStore, name: ObjectName) -> list[tuple[str, tuple[str, ...]]]:
    """Return the keys that may sign for an object, each with the scope it opens."""
    found = _of(store.account_metadata(name.account), "Account", (name.account,))
    try:
        metadata = store.head_container(name.account, name.container).metadata
    except stored.NotFound:
        return found
    return found + _of(metadata, "Container", (name.account, name.container))


def moment(text: str) -> int | None:
    """Return an expiry in seconds since 1970 (written so, or as a date), or None if it is none."""
    if text.isascii() and text.isdigit() and len(text) <= 12:
        return int(text)
    for form in _ISO_FORMS:
        try:
            return calendar.timegm(time.strptime(text, form))
        except ValueError:
            continue
    return None


def _of(
    metadata: Mapping[str, str], kind: str, scope: tuple[str, ...]
) -> list[tuple[str, tuple[str, ...]]]:
    values = (metadata.get(f"X-{kind}-Meta-{name}", "") for name in _KEYS)
    return [(value, scope) for value in values if value]
