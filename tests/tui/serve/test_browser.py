"""A real browser: it logs in, sees Home, presses keys, and loads nothing from elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.tui.fake_cloud import FakeCloud
from tests.tui.serve import chromium
from tests.tui.serve.served import Served, play

PICTURES = os.environ.get("NOVABOX_PICTURES", "")
"""A folder for pictures of what the browser showed, to be looked at."""

pytestmark = pytest.mark.skipif(not chromium.PROGRAM, reason="missing program: chromium")


async def keep(page: chromium.Page, name: str) -> None:
    if PICTURES:
        (Path(PICTURES) / f"{name}.png").write_bytes(await page.picture())


@pytest.mark.timeout(240)
def test_a_browser_logs_in_sees_home_and_its_keys_change_the_screen(
    cloud: FakeCloud, tmp_path: Path
) -> None:
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
            await page.until_drawn("box1 ▸ demo ▸ Home")
            await keep(page, "home")
            await page.type("2")
            await page.until_drawn("FLAVOR")
            await page.type("?")
            await page.until_drawn("openstack server")
            await page.type("\x1b")
            await page.until_drawn("FLAVOR")
            await page.type("7")
            await page.until_drawn("CONSUMER")
            await keep(page, "services")
            assert await page.run("document.fonts.check('16px \"Roboto Mono\"')")
            await page.type("\x11")
            await page.until("document.body.classList.contains('-closed')")
            await keep(page, "ended")
            own = (f"{site.url}/", site.url.replace("http", "ws") + "/", "data:")
            assert [url for url in page.requested if not url.startswith(own)] == []
            assert not page.complaints

    play(cloud, tmp_path, scene)
