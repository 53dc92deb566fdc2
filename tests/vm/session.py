"""One boot, and the pytest that runs there; waits for what it says of each test."""

import sys
import time
from collections.abc import Sequence
from typing import Final

from services.image.tiny import progress
from tests.vm import kernel, machine, reports

INSIDE: Final = "NBX_IN_VM"  # set in the machine's environment
TEST_TIMEOUT_S: Final = 300  # of one test there: five times what the slowest needs, and more
POLL_S: Final = 0.1


class Session:
    """Boots the machine for `tests` (node ids). Raises HostError when there is no kernel for it."""

    def __init__(self, tests: Sequence[str]) -> None:
        self._show = progress.Progress()
        argv = [
            sys.executable, "-m", "pytest", "-q", "-m", "vm", "--basetemp=/run/pytest",
            "-p", "no:cacheprovider", "-p", "pytest_timeout", "-o", f"timeout={TEST_TIMEOUT_S}",
            *tests,
        ]  # fmt: skip
        boot = kernel.prepare(self._show)
        # looking for plugins means reading a file of every package there is: 10 s over 9p
        environment = {INSIDE: "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        self._vm = machine.Machine(boot, argv, environment=environment)
        self._status: int | None = None

    def wait(self, test: str) -> str:
        """Wait for the test's end: why it did not pass, empty if it did.

        Raises Broken when machine or pytest ended without having run it.
        """
        while not reports.is_over(phases := self._phases(test)):
            if self._status is not None:
                raise machine.Broken(f"pytest ended with {self._status}:\n{self._vm.output}")
            self._status = self._vm.poll()
            if not self._vm.is_up:
                self._show.step(f"vm: booting, {self._vm.age_s:.0f} s of {machine.BOOT_S:.0f}")
            time.sleep(POLL_S)
        self._show.clear()
        return reports.failure(phases)

    def close(self) -> None:
        """Switch the machine off."""
        self._vm.close()

    def _phases(self, test: str) -> list[reports.Phase]:
        return reports.read(self._vm.folder / reports.NAME).get(test, [])
