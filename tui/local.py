"""The user's own files; in a browser there are none: what is on the disk there is the server's."""

from __future__ import annotations

import os
from pathlib import Path


def file(name: str) -> Path:
    """Return the path of a file that the user named. Raises PermissionError in a browser."""
    if os.environ.get("NOVABOX_TUI_SERVED"):
        raise PermissionError(f"{name}: the files here are the server's, not yours")
    return Path(name).expanduser()
