"""The mask: what is somebody's is nowhere to be read, the same thing is always the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.pilot import Pilot

from tests.tui import stage
from tests.tui.fake_cloud import FakeCloud
from tui import screenshot
from tui.app import Tui
from tui.privacy import Mask


def mask(*names: str) -> Mask:
    made = Mask(lambda: names, key=b"key")
    made.learn()
    return made


@given(st.text(min_size=1, max_size=60))
def test_a_mask_is_as_wide_as_what_it_hides(text: str) -> None:
    assert cell_len(mask().of(text)) == cell_len(text)


def test_the_same_is_the_same_everywhere_also_where_it_is_cut_off() -> None:
    made = mask("postgres-primary", "my box")
    hidden = made.of("postgres-primary")
    assert made.text("postgres-primary is up") == f"{hidden} is up"
    assert made.text("(postgres-primary)") == f"({hidden})"
    assert made.text("postgres-pr… up") == f"{hidden[:11]}… up"
    assert made.text("my box.") == f"{made.of('my box')}."
    assert made.text("postgresql") == "postgresql"
    assert hidden != Mask(lambda: (), key=b"other").of("postgres-primary")


@pytest.mark.parametrize(
    "told",
    ["10.0.0.5", "fa:16:3e:00:11:22", "9f1b2c3d-0000-4000-8000-0123456789ab", "fe80::1", "9f1b2c3d",
     "2001:db8:0:1::5", "req-9f1b2c3d-0000-4000-8000-0123456789ab"],
)  # fmt: skip
def test_ids_and_addresses_are_hidden(told: str) -> None:
    shown = mask().text(f"at {told} now")
    assert told not in shown
    assert re.fullmatch(r"at \S+ now", shown)
    assert len(shown) == len(f"at {told} now")


@pytest.mark.parametrize("told", ["14:13:20", "4:48", "9.1G/15.6G", "m1.tiny", "6/6 up", "2010.1"])
def test_times_and_figures_stay(told: str) -> None:
    assert mask("web-1").text(told) == told


def test_the_beginning_of_an_id_is_that_of_its_mask() -> None:
    whole = "9f1b2c3d-0000-4000-8000-0123456789ab"
    assert mask().text(whole).startswith(mask().text(whole[:8]))


def test_no_screen_and_no_drawing_shows_a_name_an_id_or_an_address(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        secrets = {
            fields[name]
            for kind in ("instance", "volume", "image")
            for fields in cloud.objects.get(kind, {}).values()
            for name in ("id", "name")
        } | {"10.0.0", "box1"}
        for key in ("1", "2", "3", "5", "7", "9"):
            await stage.press(pilot, key)
            plain = stage.text(app)
            await stage.press(pilot, "f9")
            hidden, drawn = stage.text(app), screenshot.portable(app.export_screenshot())
            assert app.mask.enabled
            for secret in secrets:
                words = rf"(?<![\w-]){re.escape(secret)}(?![\w-])"
                assert not re.search(words, hidden), (key, secret)
                assert not re.search(words, drawn), (key, secret)
            assert len(hidden.splitlines()) == len(plain.splitlines())
            await stage.press(pilot, "f9")
            assert not app.mask.enabled
            assert "box1" in stage.text(app)

    stage.play(cloud, scene)


def test_a_masked_instance_can_still_be_terminated(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "2", "f9", "ctrl+d")
        shown = re.search(r"Type the name, (\S+),", stage.text(app))
        assert shown
        await stage.write(pilot, shown[1], "enter")
        assert [call for call in cloud.calls if call[0] == "DELETE"]

    stage.play(cloud, scene)
