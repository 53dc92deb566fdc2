"""Fixes that the doctor applied here, and how each is taken back: a file in the state folder.

Written before a fix is applied, so that one that was cut off half-way is taken back, too.
"""

import contextlib
import json
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from appliance import clock, command, config, errors

Line = tuple[str, ...]

_TIMEOUT_S: Final = 900.0  # a package manager's


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """One of them: the check it is of, what was done, and the lines that take it back."""

    name: str
    fix: str
    undo: tuple[Line, ...]
    at: str


def words(undo: Sequence[Line]) -> str:
    """The lines as a shell would have them; empty when it cannot be taken back."""
    return " && ".join(shlex.join(line) for line in undo)


def all_applied(settings: config.Settings) -> list[Applied]:
    """Those that can be taken back, oldest first."""
    path = _path(settings)
    document = json.loads(path.read_text()) if path.exists() else []
    return [
        Applied(name=one["name"], fix=one["fix"], at=one["at"], undo=tuple(map(tuple, one["undo"])))
        for one in document
    ]


def note(settings: config.Settings, name: str, *, fix: str, undo: tuple[Line, ...]) -> None:
    """Remember how to take a fix back; the first of a name counts: it knows how things were."""
    known = all_applied(settings)
    if undo and name not in {one.name for one in known}:
        _write(settings, [*known, Applied(name=name, fix=fix, undo=undo, at=clock.stamp())])


def forget(settings: config.Settings, name: str) -> None:
    """It was not applied after all, or is taken back."""
    kept = [one for one in all_applied(settings) if one.name != name]
    if len(kept) != len(all_applied(settings)):
        _write(settings, kept)


def take_back(settings: config.Settings, name: str) -> Applied:
    """Undo one. Raises NotFound where none is remembered; HostError when its line fails."""
    found = next((one for one in all_applied(settings) if one.name == name), None)
    if found is None:
        raise errors.NotFound("applied fix", name)
    for line in found.undo:
        command.run(line, failing_as=errors.HostError, timeout_s=_TIMEOUT_S)
    forget(settings, name)
    return found


def _path(settings: config.Settings) -> Path:
    return settings.home / "doctor.json"


def _write(settings: config.Settings, applied: list[Applied]) -> None:
    """Whole or not at all; where there is nothing to remember, nothing is left."""
    path = _path(settings)
    if not applied:
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # there is a cloud in it
            settings.home.rmdir()
        return
    settings.home.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps([asdict(one) for one in applied], indent=2))
    fresh.replace(path)
