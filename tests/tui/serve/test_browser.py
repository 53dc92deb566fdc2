"""A real browser: it logs in, goes to every place by keys, and loads nothing from elsewhere."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.tui.fake_cloud import FakeCloud
from tests.tui.serve import chromium
from tests.tui.serve.served import Served, play
from tui import places
from tui.places import Place

GOLDEN = Path(__file__).parents[1] / "golden"
PICTURES = os.environ.get("NOVABOX_PICTURES", "")
"""A folder for pictures of what the browser showed, to be looked at."""

pytestmark = pytest.mark.skipif(not chromium.PROGRAM, reason="missing program: chromium")


async def keep(page: chromium.Page, name: str) -> None:
    if PICTURES:
        (Path(PICTURES) / f"{name}.png").write_bytes(await page.picture())


def keys_to(place: Place) -> str:
    return place.key if place.key.isdecimal() else f":{place.name}\r"


def headings_of(place: Place) -> list[str]:
    """Return the title and the first box's, of what another terminal shows there."""
    drawn = (GOLDEN / f"{place.name}.txt").read_text()
    found = re.search(r"(▸ demo ▸ .+?)(?:…|  ).*?(─ .+?) ─", drawn, re.DOTALL)
    assert found
    return list(found.groups())


@pytest.mark.timeout(240)
def test_a_browser_logs_in_and_its_keys_show_every_place(cloud: FakeCloud, tmp_path: Path) -> None:
    async def scene(site: Served) -> None:
        async with chromium.page() as page:
            await page.tell("Page.navigate", url=site.url)
            await page.until("document.activeElement?.id === 'user'")
            await keep(page, "login")
            await page.type("demo")
            await page.run("document.getElementById('password').focus()")
            await page.type("secret")
            await page.run("document.getElementById('project').value = 'demo'")
            await page.run("document.querySelector('button').click()")
            await page.until("document.body.classList.contains('-first-byte')")
            lines = await page.until_shown("box1 ▸ demo ▸ Home")
            for place in (*places.PLACES[1:], places.PLACES[0]):
                await page.type(keys_to(place))
                lines = await page.until_shown(*headings_of(place), instead_of=lines)
                await keep(page, place.name)
            await page.type("?")
            lines = await page.until_shown("openstack server", instead_of=lines)
            await page.type("\x1b")
            await page.until_shown("▸ Home", instead_of=lines)
            assert await page.run("document.fonts.check('16px \"Roboto Mono\"')")
            await page.type("\x11")
            await page.until("document.body.classList.contains('-closed')")
            await keep(page, "ended")
            own = (f"{site.url}/", site.url.replace("http", "ws") + "/", "data:")
            assert [url for url in page.requested if not url.startswith(own)] == []
            assert not page.complaints

    play(cloud, tmp_path, scene)
