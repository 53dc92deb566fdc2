"""Any object is two keys and a part of its name away, from anywhere (G-37)."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from tests.tui import stage
from tests.tui.fake_cloud import FakeCloud
from tui.app import Tui
from tui.client import nouns


@pytest.mark.parametrize("kind", ["instance", "image", "volume"])
@pytest.mark.parametrize("start", ["1", "7", "9"])
def test_any_object_is_found_by_its_name_and_two_keys(
    cloud: FakeCloud, kind: str, start: str
) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        for known in app.store.all(nouns.NOUN_BY_KIND[kind]):
            await stage.press(pilot, start)
            await stage.press(pilot, "ctrl+p")
            await stage.write(pilot, known.name, "enter")
            await stage.until(
                pilot, lambda known=known: (found := app.target()) and found.id == known.id
            )

    stage.play(cloud, scene)
