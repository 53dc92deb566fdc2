"""The Exporter in files, shared by processes: one JSON document an export. For tests.

A file `refuse/<verb>` in its folder makes that verb fail with the file's words, as long as it is
there; a file `sessions/<volume id>` names, a line each, the initiators that are logged in.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from storage import blobs
from storage.blocks import lock
from storage.blocks.errors import BlockError
from storage.blocks.export import Export, Shown

DISK: Final = 1


class Fake:
    """Exporter that serves nobody."""

    def __init__(self, folder: Path) -> None:
        self._exports = folder / "exports"
        self._refusals = folder / "refuse"
        self._sessions = folder / "sessions"

    def start(self) -> None:
        """Make the folders."""
        with self._verb("start"):
            pass

    def show(self, export: Export) -> Shown:
        """Write the document; it holds no password."""
        document = {
            "path": str(export.path),
            "initiator": export.initiator,
            "username": export.username,
            "fingerprint": export.fingerprint,
        }
        with self._verb("show"):
            if not export.path.exists():
                raise BlockError(f"volume {export.volume_id}: {export.path} is not there")
            text = json.dumps(document, indent=1)
            blobs.write_whole(self._exports / export.volume_id, text.encode())
        return Shown(lun=DISK, path=export.path)

    def withdraw(self, volume_id: str) -> None:
        """Remove the document and the sessions."""
        with self._verb("withdraw"):
            self._forget(volume_id)

    def shown(self) -> Mapping[str, Shown]:
        """The documents there are."""
        with self._verb("shown"):
            return {path.name: _read(path) for path in self._exports.glob("[!.]*")}

    def sessions(self, volume_id: str) -> tuple[str, ...]:
        """What a test wrote."""
        with self._verb("sessions"):
            path = self._sessions / volume_id
            return tuple(path.read_text().split()) if path.exists() else ()

    def stop(self) -> None:
        """Remove all documents."""
        with self._verb("stop"):
            for path in self._exports.iterdir():
                self._forget(path.name)

    def _forget(self, volume_id: str) -> None:
        (self._sessions / volume_id).unlink(missing_ok=True)
        (self._exports / volume_id).unlink(missing_ok=True)

    @contextmanager
    def _verb(self, name: str) -> Iterator[None]:
        with lock.held(self._exports.parent):
            for folder in (self._exports, self._refusals, self._sessions):
                folder.mkdir(exist_ok=True)
            refusal = self._refusals / name
            if refusal.exists():
                raise BlockError(refusal.read_text())
            yield


def _read(path: Path) -> Shown:
    return Shown(lun=DISK, path=Path(json.loads(path.read_text())["path"]))
