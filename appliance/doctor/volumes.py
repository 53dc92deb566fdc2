"""What volumes need: how they are exported here and why, and a pool that is there."""

import sys
from typing import Final

from appliance import command, config, errors
from appliance.doctor.check import Check, fail, ok
from appliance.doctor.machine import install, which

# what needs a program → the program, and its package
NEEDED: Final = {"tgt": ("tgtd", "tgt"), "lvm": ("lvs", "lvm2")}


def exports(settings: config.Settings) -> Check:
    """How guests get volumes: the worker's own choice, in its words."""
    name = "volume exports"
    try:
        said = command.run(
            ["env", f"NOVABOX_HOME={settings.home}", sys.executable, "-m", "services.volume",
             "explain"],
            failing_as=errors.VolumeError,
        ).strip()  # fmt: skip
    except errors.VolumeError as error:
        return fail(name, str(error), fix=f"correct {settings.home}/novabox.toml")
    return _with_program(name, said, kind=said.partition(":")[0])


def pool(settings: config.Settings) -> Check:
    """Where volumes are kept."""
    name, kind = "volume pool", settings.volume.pool
    if kind == "sparse":
        return ok(name, f"files in {settings.home}/volumes")
    if kind != "lvm":
        return fail(name, f"no pool is called {kind!r}", fix='set volume.pool to "sparse" or "lvm"')
    group = settings.volume.lvm_group
    found = _with_program(name, f"a thin pool in volume group {group}", kind=kind)
    if not which("vgs"):
        return found
    try:
        command.run(["vgs", "--noheadings", group], failing_as=errors.VolumeError)
    except errors.VolumeError:
        fix = f"vgcreate {group} DEVICE, or set volume.lvm_group"
        return fail(name, f"there is no volume group {group}", fix=fix)
    return found


def _with_program(name: str, finding: str, *, kind: str) -> Check:
    program, package = NEEDED.get(kind, ("", ""))
    if program and not which(program):
        return install(name, f"{finding}; {program} is not installed", package)
    return ok(name, finding)
