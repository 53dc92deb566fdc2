"""Fixtures of the interface's tests."""

from __future__ import annotations

import pytest

from tests.tui import box1
from tests.tui.fake_cloud import FakeCloud


@pytest.fixture(autouse=True)
def _same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Screens look the same whatever the machine's time zone and terminal."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture
def cloud() -> FakeCloud:
    """A small cloud with a little of everything."""
    return box1.build()
