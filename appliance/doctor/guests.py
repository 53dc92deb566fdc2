"""What guests need: a hypervisor, the libvirt that drives it, and rights on /dev/kvm."""

import grp
import socket
import stat
from pathlib import Path
from typing import Final

from appliance import config, errors, kvm
from appliance.doctor.check import Check, commands, fail, ok, warn
from appliance.doctor.machine import install, which

SYSTEM_SOCKETS: Final = (Path("/run/libvirt/libvirt-sock"), Path("/run/libvirt/virtqemud-sock"))
LIBVIRT_PACKAGE: Final = "libvirt-daemon-system"
KVM: Final = Path("/dev/kvm")
KVM_GROUP: Final = "kvm"
KVM_MODE: Final = 0o660


def virtualisation(settings: config.Settings) -> Check:
    """What guests run under, and why."""
    name = "virtualisation"
    try:
        chosen = kvm.choose(settings)
    except errors.ConfigError as error:
        return fail(name, str(error), fix=f"correct {settings.home}/novabox.toml")
    if settings.compute.virt_type == "kvm" and kvm.look().virt_type != "kvm":
        return fail(
            name,
            f"compute.virt_type is kvm, but {kvm.look().reason}",
            fix=f'set virt_type = "auto" below [compute] in {settings.home}/novabox.toml',
        )
    if chosen.virt_type == "kvm":
        return ok(name, f"guests run under KVM: {chosen.reason}")
    return warn(
        name,
        f"guests are emulated (qemu), about 10 times slower: {chosen.reason}",
        fix="on real hardware enable VT-x or SVM in its setup; in a virtual machine, nested"
        " virtualisation on its host",
    )


def libvirt(settings: config.Settings) -> Check:
    """Which libvirtd there is to use."""
    configured = settings.compute.libvirt_uri
    if settings.compute.driver != "libvirt":
        return ok("libvirt", f"not needed: compute.driver is {settings.compute.driver}")
    if configured != "auto":
        return ok("libvirt", f"{configured}, as compute.libvirt_uri says")
    if system_answers():
        return ok("libvirt", "the system's libvirtd answers")
    if which("libvirtd"):
        return ok("libvirt", "the system runs none: novabox runs a libvirtd of its own")
    return install("libvirt", "none answers, and libvirtd is not installed", LIBVIRT_PACKAGE)


def kvm_access(settings: config.Settings, node: Path = KVM) -> Check:
    """Whether QEMU's user may open /dev/kvm.

    Where it may not and root may (no udev ran), the system's libvirtd doubts what it knows of QEMU
    at every look, and starting a guest takes 5 to 48 s instead of 0.6.
    """
    name = "/dev/kvm access"
    if not node.exists():
        return ok(name, f"there is no {node}")
    found = node.stat()
    mode = stat.S_IMODE(found.st_mode)
    try:
        group = grp.getgrnam(KVM_GROUP).gr_gid
    except KeyError:
        line = ("groupadd", "--system", KVM_GROUP)
        return warn(
            name, f"there is no group {KVM_GROUP}", fix=" ".join(line), apply=commands(line),
            undo=(("groupdel", KVM_GROUP),),
        )  # fmt: skip
    if mode & 0o006 == 0o006 or (found.st_gid == group and mode & 0o060 == 0o060):
        return ok(name, f"group {KVM_GROUP} may open {node}")
    if not system_answers():
        return ok(name, "root's alone; novabox gives its own libvirtd a node with the right mode")

    return fail(
        name, f"{node} has mode {mode:04o}: libvirtd takes 5 to 48 s to start a guest",
        fix=f"chgrp {KVM_GROUP} {node} && chmod {KVM_MODE:o} {node}",
        apply=commands(("chgrp", KVM_GROUP, str(node)), ("chmod", f"{KVM_MODE:o}", str(node))),
        undo=(("chgrp", str(found.st_gid), str(node)), ("chmod", f"{mode:o}", str(node))),
    )  # fmt: skip


def system_answers() -> bool:
    """Whether the system's libvirtd takes connections."""
    return any(_answers(path) for path in SYSTEM_SOCKETS)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
