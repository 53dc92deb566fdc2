"""The machine's kernel and ramdisk: a distribution's full kernel, and the modules that tests need.

Kept in the machine's one cache of kernels, under a name that changes with all it was made of.
"""

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance import errors
from services.image.tiny import cpio, modules, programs, progress, ramdisk
from services.image.tiny import kernel as kernels

CACHE: Final = Path("/var/tmp/novabox-kernels/full")
META_PACKAGES: Final = ("linux-image-amd64", "linux-image-generic")  # Debian's, Ubuntu's
ROOTFS: Final = Path(__file__).with_name("rootfs")
BOOT: Final = ("virtio_pci", "9pnet_virtio", "9p", "overlay", "configfs")
# Loaded when asked for: by the product, by lvm, and by the kernel itself (ciphers, checksums).
OTHER: Final = (
    "target_core_mod", "target_core_file", "target_core_iblock", "iscsi_target_mod",
    "loop", "dm_mod", "dm_thin_pool", "dm_snapshot", "crc32c_generic", "crc32c_intel", "libcrc32c",
)  # fmt: skip
INDEXES: Final = ("modules.builtin", "modules.builtin.modinfo", "modules.order")


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """What QEMU is told to start."""

    kernel: Path
    ramdisk: Path


def prepare(show: progress.Progress) -> Boot:
    """The kernel and its ramdisk: those made before, or downloaded and made now.

    Raises HostError when there is neither network nor cache.
    """
    debs = kernels.packages(CACHE, show, metas=META_PACKAGES)
    folder = CACHE / f"boot-{_fingerprint(debs)}"
    boot = Boot(kernel=folder / "vmlinuz", ramdisk=folder / "ramdisk")
    if not folder.exists():
        show.step("vm: unpacking the kernel")
        with kernels.unpacked(debs) as kernel, tempfile.TemporaryDirectory(dir=CACHE) as work:
            made = Path(work) / "boot"
            made.mkdir()
            shutil.copyfile(kernel.image, made / boot.kernel.name)
            (made / boot.ramdisk.name).write_bytes(_ramdisk(kernel))
            made.rename(folder)
    return boot


def _fingerprint(debs: list[Path]) -> str:
    whole = hashlib.sha256("\n".join([*(deb.name for deb in debs), *BOOT, *OTHER]).encode())
    for file in (ramdisk.busybox(), *sorted(ROOTFS.iterdir())):
        whole.update(file.read_bytes())
    return whole.hexdigest()[:12]


def _ramdisk(kernel: kernels.Kernel) -> bytes:
    index = modules.read_index(kernel.modules_dir)
    if lacking := modules.missing(index, BOOT + OTHER):
        raise errors.HostError(f"kernel {kernel.release} has no {', '.join(lacking)}")
    archive = cpio.Archive()
    archive.character_device("dev/console", major=5, minor=1)
    for folder in ("proc", "sys", "lower", "layer", "new"):
        archive.directory(folder)
    archive.file("bin/busybox", ramdisk.busybox().read_bytes(), mode=0o755)
    for name in programs.run([ramdisk.busybox(), "--list"]).split():
        if name != "busybox":
            archive.link(f"bin/{name}", "busybox")
    for file in ROOTFS.iterdir():
        archive.file(file.name, file.read_bytes(), mode=0o755)
    _add_modules(archive, kernel, index)
    return ramdisk.compress(archive.finish())


def _add_modules(archive: cpio.Archive, kernel: kernels.Kernel, index: modules.Index) -> None:
    """Put the wanted modules into the archive, indexed for modprobe as if there were no others."""
    release = f"lib/modules/{kernel.release}"
    boot = modules.closure(index, BOOT)
    with tempfile.TemporaryDirectory(prefix="nbx-modules-") as folder:
        tree = Path(folder) / release
        for path in modules.closure(index, BOOT + OTHER):
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            content = (kernel.modules_dir / path).read_bytes()
            (tree / path).write_bytes(modules.without_signature(content))
        for name in INDEXES:
            shutil.copyfile(kernel.modules_dir / name, tree / name)
        programs.run(["depmod", "-b", folder, kernel.release])
        for file in sorted(tree.rglob("*")):
            if file.is_file():
                archive.file(f"{release}/{file.relative_to(tree)}", file.read_bytes())
    archive.file("modules-boot", "".join(f"/{release}/{path}\n" for path in boot).encode())
