"""The user's own files; in a browser there are none: what is on the disk there is the server's."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def file(name: str) -> Path:
    """Return the path of a plain file that the user named: nobody waits for a pipe.

    Raises PermissionError in a browser, FileNotFoundError.
    """
    if os.environ.get("NOVABOX_TUI_SERVED"):
        raise PermissionError(f"{name}: the files here are the server's, not yours")
    path = Path(name)
    with contextlib.suppress(RuntimeError):  # there is no such user
        path = path.expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    return path
