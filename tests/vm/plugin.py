"""Tests marked `vm` run in the machine: here they only wait for what is said of them there.

The first one that is run boots it, for all that were collected; each then passes or fails under its
own name. In the machine the same plugin writes the report.
"""

import os
from pathlib import Path
from typing import Any, Final

import pytest

from appliance import errors
from tests.vm import machine, reports, session

_SESSION: Final = pytest.StashKey[session.Session]()
_BROKEN: Final = pytest.StashKey[str]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if session.INSIDE not in os.environ:
        items[:] = [
            _Waiting.instead_of(item) if item.get_closest_marker("vm") else item for item in items
        ]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if session.INSIDE in os.environ:
        reports.write(machine.EXCHANGE / reports.NAME, report)


class Failed(Exception):
    """The test did not pass in the machine; the message is its report."""


class _Waiting(pytest.Item):
    """Stands for a test that runs in the machine."""

    @classmethod
    def instead_of(cls, item: pytest.Item) -> "_Waiting":
        assert item.parent
        waiting: _Waiting = cls.from_parent(item.parent, name=item.name, nodeid=item.nodeid)
        waiting.own_markers = list(item.own_markers)
        waiting.add_marker(pytest.mark.timeout(0), append=False)  # the machine has its own
        return waiting

    def runtest(self) -> None:
        stash = self.config.stash
        if reason := machine.missing():
            pytest.skip(reason)
        if _BROKEN in stash:
            raise Failed(stash[_BROKEN])
        capture = self.config.pluginmanager.getplugin("capturemanager")
        try:
            with capture.global_and_fixture_disabled():
                text = self._session().wait(self.nodeid)
        except (errors.HostError, machine.Broken):
            stash[_BROKEN] = "the machine broke before: see the first test that says so"
            raise
        if text:
            raise Failed(text)

    def _session(self) -> session.Session:
        stash = self.config.stash
        if _SESSION not in stash:
            items = [item.nodeid for item in self.session.items if isinstance(item, _Waiting)]
            stash[_SESSION] = session.Session(items)
            self.config.add_cleanup(stash[_SESSION].close)
        return stash[_SESSION]

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, (Failed, machine.Broken, errors.HostError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name
