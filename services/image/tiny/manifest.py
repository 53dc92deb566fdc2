"""The manifest of ami-tiny: what the files beside it are, and what they were made of."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

NAME: Final = "ami-tiny.json"
# name of the file → (disk_format, container_format) it is uploaded with.
FORMATS_BY_FILE: Final = {
    "ami-tiny.vmlinuz": ("aki", "aki"),
    "ami-tiny.initrd": ("ari", "ari"),
    "ami-tiny.img": ("ami", "ami"),
    "ami-tiny.qcow2": ("qcow2", "bare"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file, as Glance will describe it."""

    size_bytes: int
    sha256: str
    disk_format: str
    container_format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All of it. `inputs` is one number for everything the files were made of."""

    inputs: str
    kernel_release: str
    kernel_command_line: str
    missing_modules: list[str]
    files: dict[str, File]

    def document(self) -> dict[str, object]:
        """The manifest as JSON has it."""
        return asdict(self)

    def is_true_of(self, folder: Path) -> bool:
        """Whether the files in `folder` are those that the manifest describes."""
        return set(self.files) == set(FORMATS_BY_FILE) and all(
            (folder / name).exists() and describe(folder / name) == file
            for name, file in self.files.items()
        )


def find(folder: Path) -> Manifest | None:
    """The manifest in `folder`; None when there is none, or none that this version understands."""
    try:
        document = json.loads((folder / NAME).read_text())
        files = {name: File(**file) for name, file in document.pop("files").items()}
        return Manifest(**document, files=files)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def write(manifest: Manifest, folder: Path) -> None:
    """Write the manifest into `folder`."""
    (folder / NAME).write_text(json.dumps(manifest.document(), indent=2) + "\n")


def describe(path: Path) -> File:
    """What the file is: size, checksum, formats."""
    disk_format, container_format = FORMATS_BY_FILE[path.name]
    return File(
        size_bytes=path.stat().st_size,
        sha256=digest(path),
        disk_format=disk_format,
        container_format=container_format,
    )


def digest(path: Path) -> str:
    """SHA-256 of the file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
