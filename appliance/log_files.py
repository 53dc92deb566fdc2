"""The log of each process, as the supervisor keeps it: its end, and what came after that.

Under systemd there are none: its journal has them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance import config, errors, supervisor

NAMES: Final = (*supervisor.SERVICES, supervisor.LIBVIRTD, "supervisor")
LINES: Final = 200
LINES_MAX: Final = 5000
_BYTES_MAX: Final = 1 << 20  # of one look: some ten thousand lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Whole lines of a log, and the offset in bytes after them."""

    name: str
    lines: list[str]
    offset: int


def tail(settings: config.Settings, name: str, *, lines: int = LINES) -> Piece:
    """The newest lines. Raises NotFound for no such process; Conflict where it writes no file."""
    path = _path(settings, name)
    size = path.stat().st_size
    piece = _read(path, name, start=max(size - _BYTES_MAX, 0))
    newest = piece.lines[-lines:] if lines else []
    return Piece(name=name, lines=newest, offset=piece.offset)


def after(settings: config.Settings, name: str, offset: int) -> Piece:
    """What was written since; from its beginning when the file is a new one. Raises like `tail`."""
    path = _path(settings, name)
    return _read(path, name, start=offset if offset <= path.stat().st_size else 0)


def _path(settings: config.Settings, name: str) -> Path:
    if name not in NAMES:
        raise errors.NotFound("service", name)
    path = settings.home / "log" / f"{name}.log"
    if not path.exists():
        raise errors.Conflict(
            f"{name} writes no log file here; with systemd: journalctl -u novabox-{name}"
        )
    return path


def _read(path: Path, name: str, *, start: int) -> Piece:
    """Whole lines from `start` on; a line that is being written waits for the next look."""
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(_BYTES_MAX)
    whole = data[: data.rfind(b"\n") + 1]
    lines = whole.decode(errors="replace").splitlines()
    is_cut = start > 0 and len(data) == _BYTES_MAX
    return Piece(name=name, lines=lines[1:] if is_cut else lines, offset=start + len(whole))
