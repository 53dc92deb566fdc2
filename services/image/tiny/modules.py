"""Which kernel modules a guest gets: the wanted ones, and all that those depend on.

Reads what depmod wrote beside the modules; loads nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

# Loaded before anything else runs: buses, first disk, first NIC, entropy, the layered root.
BOOT: Final = ("virtio_pci", "virtio_blk", "virtio_net", "virtio_rng", "overlay")
# There to be loaded when asked for, or when the device appears.
OTHER: Final = (
    "virtio_scsi", "sd_mod", "virtio_balloon", "virtio_console", "button", "evdev",
    "ata_piix", "sr_mod", "ext4", "isofs", "vfat", "nls_cp437", "nls_ascii", "nls_iso8859_1",
    "nls_utf8", "aoe", "iscsi_tcp", "nbd", "loop", "8021q", "9p", "9pnet_virtio",
    "crc32c_generic", "crc32c_intel",
)  # fmt: skip
ALL: Final = BOOT + OTHER
SIGNATURE_MAGIC: Final = b"~Module signature appended~\n"
SIGNATURE_HEADER_BYTES: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """What one kernel has: paths below its modules folder, their dependencies, what is built in."""

    dependencies_by_path: dict[str, tuple[str, ...]]
    path_by_name: dict[str, str]
    builtin: frozenset[str]


def read_index(modules_dir: Path) -> Index:
    """Read `modules.dep` and `modules.builtin` of the folder."""
    dependencies: dict[str, tuple[str, ...]] = {}
    for line in (modules_dir / "modules.dep").read_text().splitlines():
        path, _, rest = line.partition(":")
        dependencies[path] = tuple(rest.split())
    builtin_file = modules_dir / "modules.builtin"
    builtin = builtin_file.read_text().split() if builtin_file.exists() else []
    return Index(
        dependencies_by_path=dependencies,
        path_by_name={name_of(path): path for path in dependencies},
        builtin=frozenset(name_of(path) for path in builtin),
    )


def closure(index: Index, names: Iterable[str]) -> list[str]:
    """Paths of the modules and of all they need, each after what it needs.

    Names that are built in or that this kernel lacks are passed over; see `missing`.
    """
    paths: dict[str, None] = {}
    for name in names:
        path = index.path_by_name.get(name)
        if path is not None:
            # depmod lists the nearest dependency first.
            paths.update(dict.fromkeys(reversed(index.dependencies_by_path[path])))
            paths[path] = None
    return list(paths)


def missing(index: Index, names: Sequence[str]) -> list[str]:
    """Names that this kernel has neither as a module nor built in."""
    return [name for name in names if name not in index.path_by_name and name not in index.builtin]


def name_of(path: str) -> str:
    """The name the kernel uses: no folder, no suffix, underscores."""
    return PurePosixPath(path).name.split(".ko")[0].replace("-", "_")


def without_signature(module: bytes) -> bytes:
    """The module without the signature at its end (linux/module_signature.h), if it has one.

    Checking a signature costs an emulated guest milliseconds, and nobody reads the result: stock
    kernels load unsigned modules.
    """
    if not module.endswith(SIGNATURE_MAGIC):
        return module
    header_end = len(module) - len(SIGNATURE_MAGIC)
    signature_bytes = int.from_bytes(module[header_end - 4 : header_end], "big")
    return module[: header_end - SIGNATURE_HEADER_BYTES - signature_bytes]
