"""Drafts that a user keeps by name, in a file of their own; knows no form."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

Fields: TypeAlias = Mapping[str, str]


class TemplatesUnreadable(Exception):
    """The file is there and is not what we wrote: it is left alone."""


def path(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where they are kept (XDG Base Directory Specification)."""
    base = environ.get("XDG_CONFIG_HOME") or str(Path(environ.get("HOME", "~")) / ".config")
    return Path(base).expanduser() / "novabox" / "templates.json"


def load(file: Path) -> dict[str, dict[str, str]]:
    """Return all of them, by name; none where there is no file. Raises TemplatesUnreadable."""
    try:
        document = json.loads(file.read_text())
        return {
            str(name): {str(field): str(value) for field, value in fields.items()}
            for name, fields in document.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        raise TemplatesUnreadable(f"{file} cannot be read: {error}") from error


def save(file: Path, name: str, fields: Fields) -> None:
    """Keep one, over one of its name. Raises TemplatesUnreadable, OSError."""
    _write(file, load(file) | {name: dict(fields)})


def forget(file: Path, name: str) -> None:
    """Keep one no more. Raises TemplatesUnreadable, OSError."""
    _write(file, {known: fields for known, fields in load(file).items() if known != name})


def _write(file: Path, templates: Mapping[str, Fields]) -> None:
    """Whole or not at all: another terminal may read at any moment."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=file.parent, prefix=".templates-")
    with os.fdopen(handle, "w") as stream:
        json.dump(templates, stream, indent=2, sort_keys=True)
    Path(part).replace(file)
