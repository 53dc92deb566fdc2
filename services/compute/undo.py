"""What leaves the host again: all guests off (`novabox down`), or gone (`novabox reset`).

Works without the database: guests are found by the driver, and, where our libvirtd is dead, QEMU
by the pid files it left.
"""

import contextlib
import logging
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from appliance import config, ids
from services.compute import libvirtd
from services.compute.driver import ComputeDriver
from services.compute.folders import Folders

log = logging.getLogger(__name__)

AT_ONCE: Final = 16  # guests that shut down side by side


def shutdown(settings: config.Settings, driver: ComputeDriver) -> None:
    """Shut all guests down; rows stay as they are, and what is ACTIVE starts at the next `up`."""
    Folders(settings.home / "compute").boot_mark.unlink(missing_ok=True)
    timeout_s = settings.compute.stop_timeout_s
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda one: driver.stop(one, timeout_s=timeout_s), driver.guests()))


def clear(settings: config.Settings, driver: ComputeDriver) -> None:
    """Remove all guests of this cloud from the host; their files go with the state folder."""
    if settings.compute.driver == "libvirt" and libvirtd.is_dead(settings):
        kill_orphans(settings.home / "libvirt" / "run" / "qemu")
        libvirtd.leave()
        return
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(driver.destroy, driver.guests()))


def kill_orphans(folder: Path) -> None:
    """Kill the QEMUs whose pid files are in `folder`, each only if its name is one of ours."""
    for path in folder.glob(f"{ids.PREFIX}-*.pid"):
        pid = int(path.read_text())
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            command_line = Path(f"/proc/{pid}/cmdline").read_bytes()
            if f"guest={path.stem}".encode() in command_line:
                log.warning("qemu %s of %s: killed", pid, path.stem)
                os.kill(pid, signal.SIGKILL)
