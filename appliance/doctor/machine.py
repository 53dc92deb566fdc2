"""What any program needs of a machine: rights, Python, programs, memory, disk."""

import os
import shutil
import sys
from pathlib import Path
from typing import Final

from appliance import config
from appliance.doctor.check import Check, commands, fail, ok, warn

PYTHON_MIN: Final = (3, 11)
MEMORY_FAIL_MIB: Final = 1024  # services 250, reserved 512 by default, and not one m1.tiny beside
MEMORY_WARN_MIB: Final = 2048
DISK_FAIL_GIB: Final = 2.0  # an image, its copy in the object store and in the cache, some guests
DISK_WARN_GIB: Final = 10.0
PACKAGE_BY_PROGRAM: Final = {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "libvirtd": "libvirt-daemon-system",
    "dnsmasq": "dnsmasq-base",
    "nft": "nftables",
    "ip": "iproute2",
    "modprobe": "kmod",
    "ssh": "openssh-client",
}
SBIN: Final = "/usr/local/sbin:/usr/sbin:/sbin"
INSTALL_TIMEOUT_S: Final = 900.0


def privilege(settings: config.Settings) -> Check:
    """Bridges, taps and guests need root."""
    if os.geteuid() == 0:
        return ok("privilege", "root")
    return fail("privilege", f"user {os.geteuid()}, not root", fix="run it again with sudo")


def python(settings: config.Settings) -> Check:
    """The interpreter this runs in."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] >= PYTHON_MIN:
        return ok("python", found)
    wanted = ".".join(map(str, PYTHON_MIN))
    return fail("python", f"{found} is older than {wanted}", fix="use Debian 12 or Ubuntu 24.04")


def programs(settings: config.Settings) -> Check:
    """Programs of the host that the services run."""
    missing = [name for name in PACKAGE_BY_PROGRAM if which(name) is None]
    if not missing:
        return ok("programs", f"all {len(PACKAGE_BY_PROGRAM)} are installed")
    packages = sorted({PACKAGE_BY_PROGRAM[name] for name in missing})
    return install("programs", f"not installed: {', '.join(missing)}", *packages)


def install(name: str, finding: str, *packages: str) -> Check:
    """A red line that the package manager mends; taken back, just these packages go."""
    argv = ("apt-get", "install", "-y", "--no-install-recommends", *packages)
    quiet = ("env", "DEBIAN_FRONTEND=noninteractive")
    return fail(
        name, finding, fix=" ".join(argv),
        apply=commands((*quiet, *argv), timeout_s=INSTALL_TIMEOUT_S),
        undo=((*quiet, "apt-get", "remove", "-y", *packages),),
    )  # fmt: skip


def which(name: str) -> str | None:
    """Where a program is, also where a user's PATH has no sbin folders."""
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", os.defpath), SBIN)))


def memory(settings: config.Settings, meminfo: Path = Path("/proc/meminfo")) -> Check:
    """Memory that guests could have."""
    kib = {
        key: int(rest.split()[0])
        for key, _, rest in (line.partition(":") for line in meminfo.read_text().splitlines())
    }
    free_mib = kib["MemAvailable"] // 1024
    finding = f"{free_mib:,} of {kib['MemTotal'] // 1024:,} MiB available"
    fix = "stop something, or give the machine more memory"
    if free_mib < MEMORY_FAIL_MIB:
        return fail("memory", f"{finding}; {MEMORY_FAIL_MIB:,} are needed", fix=fix)
    if free_mib < MEMORY_WARN_MIB:
        return warn("memory", f"{finding}: room for a guest or two", fix=fix)
    return ok("memory", finding)


def disk(settings: config.Settings) -> Check:
    """Room where the cloud's state is."""
    folder = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free_gib = shutil.disk_usage(folder).free / (1 << 30)
    finding = f"{free_gib:,.1f} GiB free for {settings.home}"
    fix = "free some space, or set NOVABOX_HOME to a folder on a larger disk"
    if free_gib < DISK_FAIL_GIB:
        return fail("disk", f"{finding}; {DISK_FAIL_GIB:g} are needed", fix=fix)
    if free_gib < DISK_WARN_GIB:
        return warn("disk", finding, fix=fix)
    return ok("disk", finding)
