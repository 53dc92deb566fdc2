"""What a user likes, kept in one small file of the user's; the cloud knows nothing of it."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path


class Unreadable(Exception):
    """The file is there and makes no sense; the text says where and what it could be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """``theme`` one of `tui.themes`, ``keys`` a preset of `tui.keymaps`; empty: as it comes."""

    theme: str = ""
    keys: str = ""
    glyphs: str = ""


def folder(environ: Mapping[str, str]) -> Path:
    """Return where the user's files are: ``tui.toml``, and ``keys.toml`` for keys of one's own."""
    config = (
        environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "~")).expanduser() / ".config"
    )
    return Path(config) / "novabox"


def load(environ: Mapping[str, str], *, themes: Sequence[str] = ()) -> Preferences:
    """Return what the file says, or the defaults when there is none.

    Raises Unreadable, also for a theme that is none of ``themes``.
    """
    path = folder(environ) / "tui.toml"
    try:
        document = tomllib.loads(path.read_text())
    except FileNotFoundError:
        return Preferences()
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path}: {error}") from error
    known = [field.name for field in fields(Preferences)]
    for name, value in document.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1) or known
            raise Unreadable(f"{path}: no setting {name}; did you mean {near[0]}?")
        if not isinstance(value, str):
            raise Unreadable(f"{path}: {name} must be a text in quotes")
    theme = document.get("theme")
    if themes and theme and theme not in themes:
        raise Unreadable(f"{path}: no theme {theme}: there are {', '.join(themes)}")
    return Preferences(**document)


def keep(environ: Mapping[str, str], **changed: str) -> Preferences:
    """Write the file anew with what ``changed``; return all of it. Raises Unreadable, OSError."""
    preferences = replace(load(environ), **changed)
    path = folder(environ) / "tui.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        f"{name} = {json.dumps(value)}" for name, value in asdict(preferences).items() if value
    ]
    fresh = path.with_suffix(".new")
    fresh.write_text("\n".join(lines) + "\n")
    fresh.replace(path)
    return preferences
