"""Names of an instance's disks: /dev/vda is the one it boots from, /dev/vdz its config drive.

EC2's clients ask for /dev/sdf, Xen's for /dev/xvdf: kept as asked, and all the same disk.
"""

import re
import string
from collections.abc import Collection

from appliance import errors

ROOT = "/dev/vda"
_CONFIG_DRIVE = "z"
# Nova's schema for a device, less what no virtio disk can be called
_NAME = re.compile(r"(?:/dev/)?(?:x?[hsv]d)([a-z])[0-9]*")


def choose(asked: str | None, taken: Collection[str]) -> str:
    """The path for one more disk beside those at `taken`: the one asked for, or the next free.

    Raises BadRequest for what is no path of a disk, InUse for one that is taken, Forbidden when
    all are.
    """
    letters = {_letter(path) for path in taken} | {_CONFIG_DRIVE}
    if asked is None:
        free = [letter for letter in string.ascii_lowercase[1:] if letter not in letters]
        if not free:
            raise errors.Forbidden(
                f"The maximum allowed number of disk devices ({len(letters)}) to attach to a "
                "single instance has been exceeded."
            )
        return f"/dev/vd{free[0]}"
    if _letter(asked) in letters:
        raise errors.InUse(f"The supplied device path ({asked}) is in use.")
    return asked if asked.startswith("/dev/") else f"/dev/{asked}"


def target(path: str) -> str:
    """The disk's name on a virtio bus: vdf for /dev/sdf."""
    return f"vd{_letter(path)}"


def _letter(path: str) -> str:
    found = _NAME.fullmatch(path)
    if found is None:
        raise errors.BadRequest(f"The supplied device path ({path}) is invalid.")
    return found.group(1)
