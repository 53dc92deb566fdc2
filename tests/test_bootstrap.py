"""`./bootstrap` on systems it is not for: it says so before it touches anything."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.host

BOOTSTRAP = Path(__file__).parents[1] / "bootstrap"
ON_ANOTHER_SYSTEM = 'mount --bind "$1" /etc/os-release && exec sh "$2" setup'

OLD_DEBIAN = 'ID=debian\nVERSION_ID="11"\nPRETTY_NAME="Debian GNU/Linux 11 (bullseye)"\n'
OLD_UBUNTU = 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="22.04"\nPRETTY_NAME="Ubuntu 22.04.5 LTS"\n'
FEDORA = 'ID=fedora\nVERSION_ID=41\nPRETTY_NAME="Fedora Linux 41"\n'


@pytest.mark.parametrize("release", [OLD_DEBIAN, OLD_UBUNTU, FEDORA])
def test_it_refuses_a_system_that_it_is_not_for(release, tmp_path):
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("root or unshare is missing")
    (tmp_path / "os-release").write_text(release)
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", ON_ANOTHER_SYSTEM, "sh",
         tmp_path / "os-release", BOOTSTRAP],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    name = release.split('"')[-2]
    told = f"bootstrap: novabox is for Debian 12, Ubuntu 24.04 and newer, and this is {name}\n"
    assert (done.returncode, done.stderr) == (1, told)
