"""What each address may have been granted so far, so that connections end when it is taken away.

Kept in a file: before rules are loaded it says the old and the new, after it says the new. A crash
in between therefore only makes it say too much, and the next run ends connections once more.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from services.network import state_file

Granted = Mapping[str, frozenset[str]]  # fixed IP: lines of nftables.permissions


def revoked(old: Granted, new: Granted) -> tuple[str, ...]:
    """Addresses that lose something between `old` and `new`."""
    return tuple(ip for ip, lines in old.items() if lines - new.get(ip, frozenset()))


def both(old: Granted, new: Granted) -> Granted:
    """Everything that either grants."""
    none: frozenset[str] = frozenset()
    return {ip: old.get(ip, none) | new.get(ip, none) for ip in {*old, *new}}


def read(path: Path) -> Granted:
    """What the file says; nothing when there is none."""
    text = state_file.read(path)
    return {ip: frozenset(lines) for ip, lines in json.loads(text or "{}").items()}


def write(path: Path, granted: Granted) -> None:
    """Replace the file."""
    state_file.replace(path, json.dumps({ip: sorted(granted[ip]) for ip in sorted(granted)}))
