"""A volume group in the machine's memory."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from appliance import command, errors

_TIMEOUT_S = 120.0
# No daemon that watches how full a pool is: it costs seconds of an emulated processor, for nothing.
_SETTINGS = "activation { monitoring = 0 }\n"


@contextlib.contextmanager
def running(name: str, *, size_mib: int = 512) -> Iterator[None]:
    """A volume group of that name on a loop device; it goes with all that is in it."""
    Path("/etc/lvm/lvmlocal.conf").write_text(_SETTINGS)
    file = Path("/dev/shm") / name
    with file.open("wb") as out:
        out.truncate(size_mib << 20)
    _run("modprobe", "loop")
    device = _run("losetup", "--find", "--show", str(file)).strip()
    try:
        _run("vgcreate", name, device)
        yield
        _run("vgremove", "--force", "--force", "--yes", name)
    finally:
        _run("losetup", "--detach", device)
        file.unlink()


def _run(*argv: str) -> str:
    return command.run(argv, failing_as=errors.HostError, timeout_s=_TIMEOUT_S)
