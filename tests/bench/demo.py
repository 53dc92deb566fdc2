"""`novabox demo` from nothing to the ssh login: what is the guest's, the image's, and ours.

A cloud of its own in a fresh folder, on the default ports: no other cloud may be up. Packages are
there; the kernel package is downloaded as on a new machine.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

NOVABOX: Final = str(Path(sys.executable).parent / "novabox")
DEADLINE_S: Final = 600.0


def measure() -> dict[str, float]:
    """Seconds: `total_s`, of which `build_s` (the image), `boot_s` (the guest), `rest_s` (ours)."""
    home = Path(tempfile.mkdtemp(prefix="nbx-demo-", dir="/var/tmp"))
    home.chmod(0o755)
    environment = os.environ | {"NOVABOX_HOME": str(home)}
    try:
        began = time.monotonic()
        done = subprocess.run(
            [NOVABOX, "demo", "--json"],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
            timeout=DEADLINE_S, check=True,
        )  # fmt: skip
        total_s = time.monotonic() - began
        steps = json.loads(done.stdout[done.stdout.index("{") :])["steps"]
        took = {step["name"]: step["seconds"] for step in steps}
        build_s, boot_s = took["build ami-tiny"], took["boot to ssh login"]
        return {
            "total_s": total_s, "build_s": build_s, "boot_s": boot_s,
            "rest_s": total_s - build_s - boot_s, "active_s": took["request to ACTIVE"],
        }  # fmt: skip
    finally:
        subprocess.run([NOVABOX, "reset", "--yes"], env=environment, check=False)
        shutil.rmtree(home, ignore_errors=True)
