"""The catalogue's entries: one TOML file beside this one, and one's own laid over it.

Reads files and checks every value; knows neither publishers' servers nor the cloud.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from tui.catalog.failure import CatalogInvalid

SHIPPED: Final = Path(__file__).with_name("images.toml")
OWN: Final = Path("/etc/novabox/images.toml")
HEX_CHARS: Final[Mapping[str, int]] = {"sha256": 64, "sha512": 128}

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")  # it is also the name of a file
_DISK_FORMATS: Final = ("qcow2", "raw", "vmdk", "vhd", "vhdx", "vdi", "iso")
# every publisher's kernel has these drivers, and Debian's for clouds has no others
_HARDWARE: Final[Mapping[str, str]] = {
    "hw_disk_bus": "virtio", "hw_vif_model": "virtio", "hw_rng_model": "virtio",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One image: where its publisher keeps it, how it is checked, what the cloud is told of it.

    ``checksums`` is the URL of the publisher's list; where it is empty, ``checksum`` is the
    checksum itself.
    """

    name: str
    title: str
    os_distro: str
    os_version: str
    user: str
    url: str
    algorithm: str
    checksums: str = ""
    checksum: str = ""
    architecture: str = "x86_64"
    disk_format: str = "qcow2"
    min_disk_gib: int = 0
    min_ram_mib: int = 0
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        """The name under which the publisher lists the image."""
        return urlsplit(self.url).path.rpartition("/")[2]

    @property
    def host(self) -> str:
        """Whose server it is."""
        return urlsplit(self.url).netloc

    def image_fields(self) -> dict[str, Any]:
        """Return what the Image API is told, name and visibility aside."""
        return {
            "disk_format": self.disk_format,
            "container_format": "bare",
            "min_disk": self.min_disk_gib,
            "min_ram": self.min_ram_mib,
            "architecture": self.architecture,
            "os_distro": self.os_distro,
            "os_version": self.os_version,
            "os_admin_user": self.user,
            **_HARDWARE,
            **self.properties,
        }


def load(own: Path | None = None) -> dict[str, Entry]:
    """Return all entries by name: the shipped ones, then those of ``own``.

    An own entry with a shipped one's name changes only what it says. Without ``own`` it is
    /etc/novabox/images.toml, if that is there. Raises CatalogInvalid.
    """
    tables = _read(SHIPPED)
    path = own or OWN
    if own is not None or path.is_file():
        for name, table in _read(path).items():
            tables[name] = _over(tables.get(name, {}), table)
    return {name: _entry(name, table) for name, table in tables.items()}


def choose(entries: Mapping[str, Entry], names: Iterable[str]) -> list[Entry]:
    """Return the entries of these names, each once. Raises CatalogInvalid with the nearest ones."""
    unknown = [name for name in names if name not in entries]
    if unknown:
        near = difflib.get_close_matches(unknown[0], entries, n=3, cutoff=0.6)
        hint = f"did you mean {', '.join(near)}?" if near else f"there are {', '.join(entries)}"
        raise CatalogInvalid(f"no image {unknown[0]} in the catalogue: {hint}")
    return [entries[name] for name in dict.fromkeys(names)]


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        document = tomllib.loads(path.read_text())
    except OSError as error:
        raise CatalogInvalid(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogInvalid(f"{path} is not TOML: {error}") from error
    for name, table in document.items():
        if not isinstance(table, dict):
            raise CatalogInvalid(f'{path}: {name} is no table; an entry begins with ["NAME"]')
    return document


def _over(shipped: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one entry over another; of the two ways to say the checksum the own one counts."""
    kept = dict(shipped)
    if "checksum" in own or "checksums" in own:
        kept = {key: kept[key] for key in kept if key not in ("checksum", "checksums")}
    return kept | dict(own)


def _entry(name: str, table: Mapping[str, Any]) -> Entry:
    kinds = {each.name: each.type for each in fields(Entry) if each.name != "name"}
    for key, value in table.items():
        if key not in kinds:
            near = difflib.get_close_matches(key, kinds, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(kinds)}"
            raise CatalogInvalid(f"catalogue entry {name}: unknown key {key}; {hint}")
        if not _is_of(str(kinds[key]), value):
            raise CatalogInvalid(f"catalogue entry {name}: {key} cannot be {value!r}")
    wanted = ("title", "os_distro", "os_version", "user", "url", "algorithm")
    missing = [key for key in wanted if not table.get(key)]
    if missing:
        raise CatalogInvalid(f"catalogue entry {name} lacks {', '.join(missing)}")
    entry = Entry(name=name, **table)
    if wrong := _wrong(entry):
        raise CatalogInvalid(f"catalogue entry {name}: {wrong}")
    return entry


def _is_of(kind: str, value: object) -> bool:
    match kind:
        case "int":
            return isinstance(value, int) and not isinstance(value, bool) and value >= 0
        case "str":
            return isinstance(value, str)
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


def _wrong(entry: Entry) -> str:
    """Return what is wrong with it; an empty text when nothing is."""
    if not _NAME.fullmatch(entry.name):
        return "its name has small letters, digits, '.', '_' and '-' only, 64 at most"
    if entry.algorithm not in HEX_CHARS:
        return f"algorithm {entry.algorithm} is not one of {', '.join(HEX_CHARS)}"
    if bool(entry.checksums) == bool(entry.checksum):
        return "it needs either checksums, the URL of a list, or checksum, a hash"
    hash_chars = HEX_CHARS[entry.algorithm]
    if entry.checksum and not re.fullmatch(f"[0-9a-fA-F]{{{hash_chars}}}", entry.checksum):
        return f"checksum is no {entry.algorithm} of {hash_chars} hexadecimal digits"
    if entry.disk_format not in _DISK_FORMATS:
        return f"disk_format {entry.disk_format} is not one of {', '.join(_DISK_FORMATS)}"
    for url in filter(None, (entry.url, entry.checksums)):
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.netloc:
            return f"{url} is no URL of http or https"
    return "" if entry.file_name else f"{entry.url} names no file"
