"""Which bucket and key a request is about: by its path, or by its host (S3, "Virtual hosting").

A host that ends in the store's S3 domain names a bucket before it, one that ends in its website
domain a website. It refuses to know which buckets there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from services.object.s3.refusals import Refused

KEY_BYTES_MAX: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Domains:
    """What buckets' hosts end in; an empty one is no domain."""

    s3: str = ""
    website: str = ""

    @property
    def are_named(self) -> bool:
        """Whether any host names a bucket."""
        return bool(self.s3 or self.website)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What a request is about; `is_in_host` when the bucket stands there and not in the path."""

    bucket: str
    key: str
    is_in_host: bool = False
    is_website: bool = False


def bucket_of_host(host: str, domains: Domains) -> tuple[str, bool]:
    """The bucket that a Host header names, and whether as a website; empty when it names none."""
    name = host.partition(":")[0].lower().rstrip(".")
    for domain, is_website in ((domains.website, True), (domains.s3, False)):
        if domain and name.endswith(f".{domain}"):
            return name.removesuffix(f".{domain}"), is_website
    return "", False


def of(raw_path: str, host: str, domains: Domains) -> Address:
    """What a request line and its Host header name. Raises Refused: InvalidURI, KeyTooLongError."""
    bucket, is_website = bucket_of_host(host, domains)
    path = raw_path.removeprefix("/")
    if not bucket:
        name, _, path = path.partition("/")
        address = Address(bucket=_text(name), key=_text(path))
    else:
        address = Address(bucket=bucket, key=_text(path), is_in_host=True, is_website=is_website)
    if "\0" in address.bucket or "\0" in address.key:
        raise Refused("InvalidURI", "A key cannot have a NUL in it here.")
    if len(address.key.encode()) > KEY_BYTES_MAX:
        raise Refused(
            "KeyTooLongError",
            facts={"Size": str(len(address.key.encode())), "MaxSizeAllowed": str(KEY_BYTES_MAX)},
        )
    return address


def _text(quoted: str) -> str:
    try:
        return unquote_to_bytes(quoted).decode()
    except UnicodeDecodeError as error:
        raise Refused("InvalidURI") from error
