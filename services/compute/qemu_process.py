"""The QEMU process of a domain, found by its own command line in /proc.

A pid file proves nothing: its number may be another process's by now. Knows no libvirt.
"""

import itertools
from pathlib import Path


def find(domain: str) -> int | None:
    """The process that runs the domain of this name; None when none does."""
    mark = f"guest={domain}"
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and _is_of(entry, mark):
            return int(entry.name)
    return None


def _is_of(process: Path, mark: str) -> bool:
    try:
        words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:  # it ended, or is not ours to look at
        return False
    return "qemu" in words[0] and any(
        name == "-name" and mark in value.split(",") for name, value in itertools.pairwise(words)
    )
