"""The disks: an empty ext4 that an instance fills, and one whole disk that a BIOS boots.

Made with tools that work inside plain files: no root, no loop devices, no mounts.
"""

from pathlib import Path
from typing import Final

from appliance import errors
from services.image.tiny import programs

LABEL: Final = "tiny-root"
# Blocks of 1 KiB, because then the smallest journal is 1 MiB: about half of the whole, which is
# the most that mke2fs gives it. The guest grows it to the disk it is on.
EXT4_SIZE_BYTES: Final = 2112 << 10
# The overlay's two folders; a guest takes a disk that has them for its own root.
LAYERS: Final = ("upper", "work")
EXT4_UUID: Final = "74696e79-0000-4000-8000-6e6f7661626f"
FAT_ID: Final = "74696e79"
MBR_CODE_BYTES: Final = 440
SECTOR_BYTES: Final = 512
FIRST_SECTOR: Final = 2048
FAT_SLACK_BYTES: Final = 1 << 20
MBR_FILES: Final = (Path("/usr/lib/syslinux/mbr/mbr.bin"), Path("/usr/lib/SYSLINUX/mbr.bin"))

SYSLINUX_CONFIG: Final = """\
SERIAL 0 115200
DEFAULT tiny
PROMPT 0
TIMEOUT 0
LABEL tiny
  KERNEL vmlinuz
  INITRD initrd
  APPEND {command_line}
"""


def make_ext4(path: Path) -> None:
    """Write the empty file system whose two folders a guest lays over its ramdisk."""
    path.unlink(missing_ok=True)
    with path.open("wb") as file:
        file.truncate(EXT4_SIZE_BYTES)
    programs.run(
        [
            "mke2fs", "-q", "-F", "-t", "ext4", "-b", "1024", "-m", "0", "-J", "size=1", "-N", "64",
            "-O", "^64bit", "-L", LABEL, "-U", EXT4_UUID,
            "-E", f"hash_seed={EXT4_UUID},lazy_itable_init=1,nodiscard,resize=8388608", path,
        ]
    )  # fmt: skip
    for folder in LAYERS:
        programs.run(["debugfs", "-w", "-R", f"mkdir {folder}", path])


def make_bootable(
    path: Path, *, kernel: Path, ramdisk: Path, ext4: Path, command_line: str
) -> None:
    """Write a compressed qcow2: MBR, a FAT partition with syslinux and kernel, then the ext4 one.

    Works in the folder of `path`; what it leaves there on failure is the caller's to remove.
    """
    boot = path.with_name("boot.fat")
    raw = path.with_name("disk.raw")
    _make_boot_partition(boot, kernel=kernel, ramdisk=ramdisk, command_line=command_line)
    ext4_sector = FIRST_SECTOR + boot.stat().st_size // SECTOR_BYTES
    with raw.open("wb") as file:
        file.truncate(ext4_sector * SECTOR_BYTES + ext4.stat().st_size)
    boot_line = f"{FIRST_SECTOR},{ext4_sector - FIRST_SECTOR},e,*"
    layout = ("label: dos", f"label-id: 0x{FAT_ID}", boot_line, f"{ext4_sector},,83", "")
    programs.run(["sfdisk", "-q", raw], stdin="\n".join(layout))
    with raw.open("r+b") as file:
        file.write(_mbr_code())
        for sector, partition in ((FIRST_SECTOR, boot), (ext4_sector, ext4)):
            file.seek(sector * SECTOR_BYTES)
            file.write(partition.read_bytes())
    programs.run(["qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow2", raw, path])
    boot.unlink()
    raw.unlink()


def _make_boot_partition(boot: Path, *, kernel: Path, ramdisk: Path, command_line: str) -> None:
    payload = kernel.stat().st_size + ramdisk.stat().st_size + FAT_SLACK_BYTES
    with boot.open("wb") as file:
        file.truncate(-(-payload // (1 << 20)) << 20)
    config = boot.with_name("syslinux.cfg")
    config.write_text(SYSLINUX_CONFIG.format(command_line=command_line))
    programs.run(["mkfs.vfat", "-F", "16", "--invariant", "-i", FAT_ID, "-n", "TINY-BOOT", boot])
    for source, name in ((kernel, "vmlinuz"), (ramdisk, "initrd"), (config, "syslinux.cfg")):
        programs.run(["mcopy", "-i", boot, source, f"::{name}"])
    programs.run(["syslinux", "--install", boot])
    config.unlink()


def _mbr_code() -> bytes:
    for path in MBR_FILES:
        if path.exists():
            return path.read_bytes()[:MBR_CODE_BYTES]
    raise errors.HostError(f"{MBR_FILES[0]} is not there: apt-get install syslinux-common")
