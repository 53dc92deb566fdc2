"""Fixtures of the interface's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import screen

from tests.tui import box1
from tests.tui.fake_cloud import FakeCloud
from tui import rest


@pytest.fixture(autouse=True)
def _same_everywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Screens look the same whatever the machine is and the user has; nothing waits for a rest
    or, for long, for a frame.
    """
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(rest, "PATIENCE_S", 0.001)
    monkeypatch.setattr(screen, "UPDATE_PERIOD", 0.001)


@pytest.fixture
def cloud() -> FakeCloud:
    """A small cloud with a little of everything."""
    return box1.build()
