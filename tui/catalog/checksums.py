"""Publishers' lists of checksums: finding one image's in any of their forms. Pure text."""

from __future__ import annotations

import re
from typing import Final

from tui.catalog.entries import HEX_CHARS
from tui.catalog.failure import FetchFailed

_GNU: Final = re.compile(r"(?P<hash>[0-9a-fA-F]+) [ *](?:\./)?(?P<name>\S+)")
_BSD: Final = re.compile(
    r"(?P<algorithm>[A-Z0-9-]+) ?\((?:\./)?(?P<name>[^)]+)\) ?= ?(?P<hash>[0-9a-fA-F]+)"
)
_NAMES_SHOWN: Final = 3


def find(text: str, *, file_name: str, algorithm: str, source: str) -> str:
    """Return the checksum of ``file_name`` in small letters.

    Lines of another algorithm, and the signature around a clear-signed list, are passed over; so
    is the signature itself, which is not checked. Raises FetchFailed, naming ``source``.
    """
    hash_chars = HEX_CHARS[algorithm]
    bare = text.strip().lower()
    if re.fullmatch(f"[0-9a-f]{{{hash_chars}}}", bare):
        return bare
    by_name: dict[str, set[str]] = {}
    for line in text.splitlines():
        match = _GNU.fullmatch(line.rstrip()) or _BSD.fullmatch(line.rstrip())
        if match is None or len(match["hash"]) != hash_chars:
            continue
        said = match.groupdict().get("algorithm") or algorithm
        if said.replace("-", "").lower() == algorithm:
            by_name.setdefault(match["name"], set()).add(match["hash"].lower())
    found = by_name.get(file_name, set())
    if len(found) == 1:
        return found.pop()
    if found:
        raise FetchFailed(f"{source} has {len(found)} different {algorithm} of {file_name}")
    raise FetchFailed(_not_there(sorted(by_name), file_name, algorithm=algorithm, source=source))


def _not_there(names: list[str], file_name: str, *, algorithm: str, source: str) -> str:
    if not names:
        return f"{source} is no list of {algorithm} checksums"
    more = ", …" if len(names) > _NAMES_SHOWN else ""
    return (
        f"{source} has no {algorithm} of {file_name}, only of "
        f"{', '.join(names[:_NAMES_SHOWN])}{more}: the publisher has another file now; "
        "an own catalogue (--catalog) can name it"
    )
