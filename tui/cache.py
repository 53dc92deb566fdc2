"""What was last seen of a cloud, kept for the next start: shown at once, with its age.

One file a cloud, project and user, in the user's cache folder and for nobody else to read. It
holds what the event stream told of objects: no token, no password, no hop. Losing it costs
nothing, so what cannot be read is as if it were not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from tui.client import nouns
from tui.client.credentials import Credentials

_FORMAT: Final = 1
_OBJECTS_MAX: Final = 5_000  # of a kind: 3 MiB, read in 20 ms; a kind with more is not kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Objects by kind, and when that was so."""

    at_s: float
    objects: dict[nouns.Kind, list[nouns.Noun]]


class _File(msgspec.Struct):
    format: int
    at_s: float
    objects: dict[str, list[msgspec.Raw]]


def path_for(who: Credentials, environ: Mapping[str, str]) -> Path:
    """Return where what this user last saw of this cloud is kept."""
    base = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "/nonexistent")) / ".cache"
    names = (who.auth_url, who.user_domain_name, who.username, who.project_domain_name,
             who.project_name)  # fmt: skip
    name = hashlib.sha256("\0".join(names).encode()).hexdigest()[:32]
    return Path(base) / "novabox" / f"seen-{name}.json"


def load(path: Path) -> Seen | None:
    """Return what was kept, or None."""
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
        if file.format != _FORMAT:
            return None
        objects = {
            kind: [read(one) for one in raw]
            for kind, raw in file.objects.items()
            if kind in nouns.STREAMED
            for read in (msgspec.json.Decoder(nouns.NOUN_BY_KIND[kind]).decode,)
        }
    except (OSError, msgspec.DecodeError):
        return None
    return Seen(at_s=file.at_s, objects=objects)


def save(path: Path, seen: Seen) -> None:
    """Keep what is seen, whole or not at all; where nothing can be kept, nothing is."""
    objects = {kind: items for kind, items in seen.objects.items() if len(items) <= _OBJECTS_MAX}
    data = msgspec.json.encode({"format": _FORMAT, "at_s": seen.at_s, "objects": objects})
    draft = path.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
        draft.replace(path)
