"""The host's programs that ami-tiny is made with: where they are, and which package has them."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from appliance import command, errors

PACKAGE_BY_PROGRAM: Final = {
    "apt-cache": "apt",
    "apt-get": "apt",
    "busybox": "busybox-static",
    "debugfs": "e2fsprogs",
    "depmod": "kmod",
    "dpkg-deb": "dpkg",
    "dropbear": "dropbear-bin",
    "dropbearkey": "dropbear-bin",
    "ldd": "libc-bin",
    "mcopy": "mtools",
    "mke2fs": "e2fsprogs",
    "mkfs.vfat": "dosfstools",
    "qemu-img": "qemu-utils",
    "resize2fs": "e2fsprogs",
    "sfdisk": "fdisk",
    "syslinux": "syslinux",
    "zstd": "zstd",
}
# A user's PATH has no sbin folders on Debian, and none of these programs needs root.
SBIN: Final = "/usr/local/sbin:/usr/sbin:/sbin"
# Their words in English, and one date for all they make: FAT knows none before 1980.
ENVIRONMENT: Final = {
    "LC_ALL": "C",
    "TZ": "UTC",
    "SOURCE_DATE_EPOCH": "315532800",
    "E2FSPROGS_FAKE_TIME": "315532800",
}


def find(name: str) -> Path:
    """Where the program is. Raises HostError naming the package to install."""
    path = which(name)
    if path is None:
        raise errors.HostError(
            f"program {name} is not installed: apt-get install {PACKAGE_BY_PROGRAM[name]}"
        )
    return path


def which(name: str) -> Path | None:
    """Where the program is, or None."""
    search = os.pathsep.join((os.environ.get("PATH", os.defpath), SBIN))
    path = shutil.which(name, path=search)
    return Path(path) if path else None


def run(argv: Sequence[str | Path], *, timeout_s: float = 120, stdin: str = "") -> str:
    """Run a program to its end and return what it printed.

    Raises HostError with the program's own words when it fails or passes the deadline.
    """
    settings = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
    program = find(str(argv[0]))
    return command.run(
        ["env", *settings, str(program), *map(str, argv[1:])],
        failing_as=errors.HostError, stdin=stdin, timeout_s=timeout_s,
    )  # fmt: skip
