"""A libvirtd of our own, where the system runs none: `python -m services.compute.libvirtd`.

It keeps everything in the cloud's folder: in a mount namespace of its own, libvirt's places on the
host (/run/libvirt, /etc/libvirt, ...) are folders of `$NOVABOX_HOME/libvirt`, and so is /dev/kvm,
with the mode that udev would give it. Killed and started again it adopts the guests that run.

This process stays as libvirtd's parent and reaps what ends below it. Each QEMU's own parent ends at
once, and libvirt waits for a dead QEMU until somebody reaped it: process 1 of a container, or of a
machine without an init system, may take seconds or never do it.
"""

import argparse
import contextlib
import ctypes
import fcntl
import grp
import os
import shutil
import signal
import socket
import stat
from pathlib import Path
from typing import Final

from appliance import command, config
from appliance.errors import ConfigError, HypervisorError

_SYSTEM_URI: Final = "qemu:///system"
_SYSTEM_SOCKETS: Final = (Path("/run/libvirt/libvirt-sock"), Path("/run/libvirt/virtqemud-sock"))
_PLACES: Final = {  # folder of ours: where libvirt looks for it
    "run": "/run/libvirt",
    "lib": "/var/lib/libvirt",
    "cache": "/var/cache/libvirt",
    "log": "/var/log/libvirt",
    "etc": "/etc/libvirt",
}
_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNS: Final = 0x00020000  # linux/sched.h
_PR_SET_CHILD_SUBREAPER: Final = 36  # linux/prctl.h
_SOCKET_PATH_MAX: Final = 107  # sun_path, less its final zero
_KVM: Final = Path("/dev/kvm")
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_LIBVIRTD_CONF: Final = """\
unix_sock_rw_perms = "0700"
auth_unix_rw = "none"
log_outputs = "3:stderr"
"""
_QEMU_CONF: Final = """\
# QEMU writes its logs itself: no virtlogd is needed
stdio_handler = "file"
# the profiles of a security driver name libvirt's usual folders, not ours
security_driver = "none"
security_default_confined = 0
# without systemd libvirt would leave groups behind on the host
cgroup_controllers = [ ]
# who owned a file before would be kept in attributes that outlive a kill -9
remember_owner = 0
"""


def uri(settings: config.Settings) -> str:
    """The libvirt to use: the configured one, else the system's if it answers, else our own."""
    if settings.compute.libvirt_uri != "auto":
        return settings.compute.libvirt_uri
    if any(_answers(path) for path in _SYSTEM_SOCKETS):
        return _SYSTEM_URI
    return own_uri(settings.home)


def own_uri(home: Path) -> str:
    """The URI of the libvirtd that `main` runs for the cloud in `home`. Raises ConfigError."""
    path = home / "libvirt" / "run" / "libvirt-sock"
    if len(os.fsencode(path)) > _SOCKET_PATH_MAX:
        raise ConfigError(f"{path}: too long for a socket; set NOVABOX_HOME to a shorter folder")
    return f"{_SYSTEM_URI}?socket={path}"


def is_needed(settings: config.Settings) -> bool:
    """Whether the supervisor must run `main`."""
    return settings.compute.driver == "libvirt" and uri(settings) == own_uri(settings.home)


def is_dead(settings: config.Settings) -> bool:
    """Whether the libvirt to use is our own, and it does not run."""
    own = settings.home / "libvirt" / "run" / "libvirt-sock"
    return uri(settings) == own_uri(settings.home) and not _answers(own)


def leave() -> None:
    """Remove libvirt's usual folders where they are empty and nobody's mounts stand on them.

    (Removing a folder takes what is mounted on it away, in every namespace.)
    """
    for place in _PLACES.values():
        with contextlib.suppress(OSError):  # not there, not empty, or another cloud stands on it
            folder = _stand_on(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            try:
                Path(place).rmdir()
            finally:
                os.close(folder)


def main() -> int:
    """Run libvirtd in the foreground; with `needed`, only say (exit 0) if one is needed."""
    parser = argparse.ArgumentParser(prog="python -m services.compute.libvirtd")
    parser.add_argument("mode", nargs="?", choices=["needed"], help="exit 0 if one is needed")
    mode = parser.parse_args().mode
    settings = config.load()
    if mode == "needed":
        return 0 if is_needed(settings) else 1
    own_uri(settings.home)
    return serve(settings.home / "libvirt")


def serve(folder: Path) -> int:
    """Run a libvirtd that lives in `folder` until it ends; its exit status. Guests run on.

    Raises HypervisorError: not root, or no libvirtd on this host. Leaves empty folders at
    libvirt's usual places where there were none: a bind mount needs something to stand on.
    """
    if os.geteuid() != 0:
        raise HypervisorError("a libvirtd of our own needs root; or start the system's libvirtd")
    program = shutil.which("libvirtd", path=_PATH)
    if program is None:
        raise HypervisorError("libvirtd is not installed: apt-get install libvirt-daemon-system")
    _prepare(folder)
    _enter_namespace(folder)
    return _serve_and_reap([program, "--pid-file", f"{_PLACES['run']}/libvirtd.pid"])


def _serve_and_reap(argv: list[str]) -> int:
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    child = os.posix_spawnp(
        "setpriv",
        ["setpriv", "--pdeathsig", "KILL", "--", *argv],  # it must not outlive who reaps for it
        {"PATH": _PATH, "LC_ALL": "C.UTF-8"},
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.kill(child, signal.SIGTERM))
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == child:
            return abs(os.waitstatus_to_exitcode(status))


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2.0)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _prepare(folder: Path) -> None:
    for name in _PLACES:
        (folder / name).mkdir(mode=0o755, parents=True, exist_ok=True)
    (folder / "etc" / "libvirtd.conf").write_text(_LIBVIRTD_CONF)
    (folder / "etc" / "qemu.conf").write_text(_QEMU_CONF)
    if _KVM.is_char_device():
        _make_kvm(folder / "kvm")


def _make_kvm(node: Path) -> None:
    # Where no udev runs it is root's alone: libvirtd then sees KVM, QEMU's user does not, and
    # libvirt probes QEMU anew before each start of a guest: 5 to 48 s instead of 0.3.
    if not node.exists():
        os.mknod(node, stat.S_IFCHR | 0o600, _KVM.stat().st_rdev)
    with contextlib.suppress(KeyError):  # no such group: then QEMU's user cannot be in it
        os.chown(node, 0, grp.getgrnam("kvm").gr_gid)
    node.chmod(0o660)


def _stand_on(place: str, how: int) -> int:
    """Lock a folder of the host until the descriptor returned is closed, or this process ends."""
    folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, how)
    except OSError:
        os.close(folder)
        raise
    return folder


def _enter_namespace(folder: Path) -> None:
    if _LIBC.unshare(_CLONE_NEWNS) != 0:
        raise HypervisorError(f"no mount namespace: {os.strerror(ctypes.get_errno())}")
    command.run(["mount", "--make-rprivate", "/"], failing_as=HypervisorError)
    for name, place in _PLACES.items():
        Path(place).mkdir(parents=True, exist_ok=True)
        _stand_on(place, fcntl.LOCK_SH)
        command.run(["mount", "--bind", str(folder / name), place], failing_as=HypervisorError)
    if (folder / "kvm").exists():
        command.run(["mount", "--bind", str(folder / "kvm"), str(_KVM)], failing_as=HypervisorError)


if __name__ == "__main__":
    raise SystemExit(main())
