"""A new user's way from the interface's first screen to a guest's login, key by key (G-36)."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests import cloud as clouds
from tests.system.terminals import Terminal

pytestmark = [pytest.mark.host, pytest.mark.guest, pytest.mark.timeout(600)]

KEYS_MAX: Final = 12
BOOT_S: Final = 240.0


@pytest.fixture
def image(cloud: clouds.Cloud, tiny: Path) -> Iterator[str]:
    """The name of an image to boot; what was run from it is gone afterwards."""
    cloud.add_tiny("tiny", tiny)
    yield "tiny"
    for what in (("server", "delete", "--wait", "web-1"), ("image", "delete", "tiny")):
        cloud.run(str(clouds.BIN / "openstack"), *what, user="demo")


def test_a_new_user_is_at_a_guests_login_after_few_keys(cloud: clouds.Cloud, image: str) -> None:
    keys = 0
    with contextlib.closing(
        Terminal(cloud, str(clouds.BIN / "novabox"), "tui", columns=100, rows=30)
    ) as tui:

        def press(key: str) -> None:
            nonlocal keys
            keys += 1
            tui.type(key)

        tui.shows("run an instance")  # the key for it is beside these words
        press("n")
        tui.shows("The scheduler would choose")
        tui.shows(image)
        press("\x13")  # ^s, as the form says
        tui.shows("web-1")
        tui.shows("running", timeout_s=BOOT_S)
        press("c")
        tui.shows("web-1 login:", timeout_s=BOOT_S)
        tui.type("\x1dq")
        tui.shows_no_more("Every key goes to the guest")
        tui.type("\x11")
        assert tui.end() == 0
    assert keys <= KEYS_MAX
