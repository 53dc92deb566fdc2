"""Where a boot begins in what a guest said; knows firmware, Linux and the cloud's own mark."""

from __future__ import annotations

import re
from typing import Final

_START: Final = re.compile(
    r"^(=== novabox: boot \d|SeaBIOS \(version|iPXE \d|UEFI firmware \(version|GRUB +version"
    r"|(\[ +0\.000000\] )?Linux version \d)"
)


def is_start(line: str) -> bool:
    """Return whether ``line`` is the first thing that cloud, firmware or kernel say."""
    return _START.match(line) is not None
