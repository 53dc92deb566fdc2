"""From kernel packages and host programs to the four files of ami-tiny, and their manifest.

Nothing is built again while all that the files were made of is unchanged.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from services.image.tiny import disk, modules, progress, ramdisk
from services.image.tiny import kernel as kernels
from services.image.tiny import manifest as manifests
from services.image.tiny.manifest import Manifest

# Nothing on the console and no self-tests of ciphers: 0.2 s less of a boot that takes 2 s emulated.
COMMAND_LINE: Final = "console=ttyS0 quiet mitigations=off cryptomgr.notests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The result: its manifest, and whether it was there already."""

    manifest: Manifest
    is_unchanged: bool


def build(out: Path, *, debs: Sequence[Path], show: progress.Progress) -> Built:
    """Make the files in `out`, or find that they are up to date.

    Each file appears whole or not at all, the manifest last; a failure leaves what was there.
    Raises HostError.
    """
    show.step("comparing with what is there")
    inputs = _fingerprint(debs)
    known = manifests.find(out)
    if known and known.inputs == inputs and known.is_true_of(out):
        return Built(manifest=known, is_unchanged=True)
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".ami-tiny-", dir=out) as folder:
        work = Path(folder)
        made = _make(work, debs, inputs=inputs, show=show)
        show.step("moving into place")
        for name in (*manifests.FORMATS_BY_FILE, manifests.NAME):
            (work / name).chmod(0o644)
            (work / name).rename(out / name)
    return Built(manifest=made, is_unchanged=False)


def _make(work: Path, debs: Sequence[Path], *, inputs: str, show: progress.Progress) -> Manifest:
    vmlinuz, initrd, image, qcow2 = (work / name for name in manifests.FORMATS_BY_FILE)
    show.step("unpacking the kernel")
    with kernels.unpacked(debs) as kernel:
        show.step("packing the ramdisk")
        vmlinuz.write_bytes(kernel.image.read_bytes())
        initrd.write_bytes(ramdisk.build(kernel))
        missing = modules.missing(modules.read_index(kernel.modules_dir), modules.ALL)
    show.step("making the disks")
    disk.make_ext4(image)
    disk.make_bootable(qcow2, kernel=vmlinuz, ramdisk=initrd, ext4=image, command_line=COMMAND_LINE)
    made = Manifest(
        inputs=inputs,
        kernel_release=kernel.release,
        kernel_command_line=COMMAND_LINE,
        missing_modules=missing,
        files={name: manifests.describe(work / name) for name in manifests.FORMATS_BY_FILE},
    )
    manifests.write(made, work)
    return made


def _fingerprint(debs: Sequence[Path]) -> str:
    """One number for all the result depends on: our files, the host's, the kernel's packages."""
    own = Path(__file__).parent
    files = [
        *sorted(own.glob("*.py")),
        *sorted(file for file in ramdisk.ROOTFS.rglob("*") if file.is_file()),
        ramdisk.busybox(),
        *ramdisk.host_files(),
        *debs,
    ]
    whole = hashlib.sha256()
    for file in files:
        name = file.relative_to(own) if file.is_relative_to(own) else file.name
        whole.update(f"{name} {manifests.digest(file)}\n".encode())
    return whole.hexdigest()
