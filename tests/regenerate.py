"""`just regenerate`: rewrite what is generated and what is golden; read the diff."""

import os
import subprocess
import sys
from typing import Final

from tests import references
from tests.services.api import golden as api
from tests.services.api.ec2 import golden as ec2
from tests.services.api.ec2 import model
from tests.services.network import golden as network

# golden files that their own tests write, with NOVABOX_REGENERATE in the environment
TESTS: Final = ("tests/services/compute/test_domain_xml.py", "tests/tui/test_golden.py")


def main() -> int:
    """Write all of it; the exit status of the tests that write."""
    os.environ["COLUMNS"] = "100"  # argparse wraps its help to the terminal
    references.write()
    model.write()
    api.write()
    ec2.write()
    network.write()
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *TESTS],
        env=os.environ | {"NOVABOX_REGENERATE": "1"}, cwd=references.ROOT, check=False,
    ).returncode  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
