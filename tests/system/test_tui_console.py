"""A person at a real guest's console inside the interface: a login, top, vi and a flood."""

import contextlib
import time
from collections.abc import Iterator

import pytest

from tests import cloud as clouds
from tests.system.terminals import Terminal

pytestmark = [pytest.mark.host, pytest.mark.guest, pytest.mark.timeout(600)]

OPENSTACK = str(clouds.BIN / "openstack")
NOVABOX = str(clouds.BIN / "novabox")
STOP_MS_MAX = 5000  # others use the same cores; what it takes alone is in ADR 0024


@pytest.fixture
def tui(cloud: clouds.Cloud, server: str) -> Iterator[Terminal]:
    """The interface at the guest's console, logged in."""
    with contextlib.closing(Terminal(cloud, NOVABOX, "tui", columns=84, rows=30)) as one:
        one.shows("run an instance")
        one.type("2")
        one.shows(server)
        one.type("c")
        one.shows(f"{server} login:", timeout_s=180)
        one.type("root\r")
        one.shows("Password:")
        one.type("tiny\r")
        one.shows(f"root@{server}:~#")
        yield one


def test_a_guest_is_used_as_at_a_terminal(tui: Terminal, server: str) -> None:
    tui.type("top\r")
    tui.shows("Load average:")
    tui.shows("PID  PPID USER")
    tui.type("q")
    # told the size, it does not ask the terminal: on a busy machine it takes a late answer for keys
    tui.type("stty rows 28 cols 84; clear; vi /tmp/note\r")
    tui.shows("\n~", times=10)
    tui.type("ihello from the interface")
    tui.shows("I /tmp/note")
    tui.type("\x1b")
    tui.shows("- /tmp/note")  # what follows Escape at once is Alt's
    tui.type(":wq\r")
    tui.type("clear; tr a-z A-Z < /tmp/note\r")
    tui.shows("HELLO FROM THE INTERFACE")
    tui.shows_no_more("\n~\n")

    stops_ms = []
    for _ in range(3):
        tui.type("yes novabox says yes\r")
        tui.shows("\nnovabox says yes", times=15)
        tui.shows_no_more("~#")
        began_s = time.monotonic()
        tui.type("\x03")
        tui.shows(f"root@{server}:~#")
        stops_ms.append(round((time.monotonic() - began_s) * 1000))
    print("^C to the prompt in a flood, ms:", stops_ms)
    assert max(stops_ms) < STOP_MS_MAX

    tui.type("\x1dq")
    tui.shows_no_more("Every key goes to the guest")
    tui.type("\x11")
    assert tui.end() == 0
    assert tui.settings() == tui.settings_before
