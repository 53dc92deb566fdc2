"""Names as people give them, zones and locales as machines have them: nothing breaks, or drifts."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.pilot import Pilot

from tests.pty import loopback
from tests.tui import box1, stage
from tests.tui.fake_cloud import FakeCloud
from tui.app import Tui
from tui.widgets import spans

NAMES = [
    "n" * 200,
    "\U0001f9d1\u200d\U0001f692" * 40,
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 " * 15,
    "日本語の名前" * 30,
    "e\u0301\u0323" * 100,
    "\u202ereversed\u202c \u2066isolated\u2069",
    "tab\tnew\nline\x1b[31mred\x07",
    "[bold]markup[/] :warning:",
    "\ufe0f\u200d\u20e3",
]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_strange_name_moves_no_column_and_no_border(name: str) -> None:
    cloud = box1.build()
    cloud.put("instance", **dict(next(iter(cloud.objects["instance"].values())), name=name))
    cloud.put("volume", **dict(next(iter(cloud.objects["volume"].values())), name=name))
    cloud.put("image", **dict(next(iter(cloud.objects["image"].values())), name=name))

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        for key in ("1", "2", "3", "5"):
            await stage.press(pilot, key, "end")
            for line in stage.text(app).splitlines()[1:-2]:
                assert cell_len(line) == 80, line
                assert line[-1] in "│╮╯", line

    stage.play(cloud, scene)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.integers(0, 40))
def test_any_text_is_fitted_to_its_cells(text: str, width: int) -> None:
    fitted = spans.fit(text, width, ellipsis="…")
    assert cell_len(fitted) == width
    assert not any(sign in fitted for sign in "\x1b\n\t\u202e\u200f")


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/St_Johns", "Nowhere/Ever"])
def test_any_zone_has_a_clock(cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        assert stage.text(app).splitlines()[0][-3] == ":"

    try:
        stage.play(cloud, scene)
    finally:
        monkeypatch.setenv("TZ", "UTC")
        time.tzset()


@pytest.mark.parametrize(
    ("locale", "sign"),
    [("C", "*"), ("POSIX", "*"), ("C.UTF-8", "●"), ("xx_YY.utf8", "●"), ("", "*")],
)
def test_any_locale_has_signs_it_can_show(tmp_path: Path, locale: str, sign: str) -> None:
    with (
        loopback.cloud() as cloud,
        loopback.tui(cloud, tmp_path, environ={"LANG": locale}) as terminal,
    ):
        terminal.wait_for("6/6 up")
        assert sign in terminal.text()
