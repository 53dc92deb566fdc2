"""Fixtures: one cloud process for all tests of this folder, and a home a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pty import loopback
from tests.pty.loopback import Loopback


@pytest.fixture(scope="package")
def box1() -> Iterator[Loopback]:
    """The small cloud of the TUI's tests, listening; nobody changes it."""
    with loopback.cloud() as running:
        yield running
