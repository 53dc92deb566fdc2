"""What is around the screens: the palette, commands, history, jump letters, layouts, the mask."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui import stage
from tests.tui.fake_cloud import FakeCloud
from tui import places
from tui.app import Tui
from tui.history import History
from tui.screens.copying import Copying
from tui.screens.finder import Finder
from tui.screens.palette import Menu
from tui.screens.password import Password


def names(app: Tui) -> list[str]:
    """What is offered now, best first."""
    assert isinstance(app.screen, Finder)
    return [offer.name for offer in app.screen.offers(app.screen.query_one(Input).value)]


def test_any_object_is_two_keys_and_a_part_of_its_name_away(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        sought = [
            (place, kind.name(noun), noun.key)
            for place in places.PLACES
            if place.kind and place.key
            for kind in [place.listed()]
            for noun in app.store.all(kind.noun)
            if kind.topic in ("instance", "image", "volume")
        ]
        assert len(sought) >= 8
        for place, name, key in sought:
            for start in ("1", "7"):
                await stage.press(pilot, start, "ctrl+p")  # one
                await stage.write(pilot, name, "enter")  # two
                assert app.current_mode == place.name, name
                target = app.target()
                assert target is not None
                assert target.name == name, key

    stage.play(cloud, scene)


def test_what_fits_the_cursor_comes_first_and_shows_its_key(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "2")
        name = app.screen.targets()[0].name  # type: ignore[attr-defined]
        await stage.press(pilot, "ctrl+p")
        await stage.write(pilot, "stop")
        assert isinstance(app.screen, Finder)
        best = app.screen.offers("stop")[0]
        assert (best.name, best.key) == (f"stop {name}", "T")
        assert "careful" in next(
            offer.note for offer in app.screen.offers("terminate") if "terminate" in offer.name
        )

    stage.play(cloud, scene)


def test_an_action_and_an_object_are_found_together_from_anywhere(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "3", "ctrl+p")
        await stage.write(pilot, "stop web-1", "enter")
        await stage.settle(pilot)
        stops = [path for method, path, body in cloud.calls if body == {"os-stop": None}]
        assert len(stops) == 1
        assert app.current_mode == "instances"

    stage.play(cloud, scene)


def test_the_palette_goes_to_another_screen_for_its_actions(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "ctrl+p")
        await stage.write(pilot, "light")
        assert names(app)[0] == "theme light"
        await stage.press(pilot, "enter")
        assert app.theme == "novabox-light"

    stage.play(cloud, scene)


def test_a_palette_of_a_hundred_thousand_answers_at_once(cloud: FakeCloud) -> None:
    import time

    from tui.client import nouns

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        many: list[nouns.Noun] = [
            nouns.Instance(id=f"{at:08d}", name=f"machine-{at}") for at in range(100_000)
        ]
        app.store.replace({"instance": many}, rev=app.store.rev)
        await stage.press(pilot, "ctrl+p")
        palette = app.screen
        assert isinstance(palette, Finder)
        start_s = time.process_time()
        found = palette.offers("machine-77777")
        assert time.process_time() - start_s < 2
        assert found[0].name == "machine-77777"

    stage.play(cloud, scene)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("ins", "instances"),
        ("instances st", "instances state:"),
        ("instances !st", "instances !state:"),
        ("instances web state:run", "instances web state:running"),
        ("theme tri", "theme tritan"),
        ("keymap v", "keymap vim"),
    ],
)
def test_a_command_is_completed_as_it_is_typed(cloud: FakeCloud, typed: str, expected: str) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "colon")
        await stage.write(pilot, typed)
        assert expected in names(app)
        while names(app)[app.screen.query_one("Offers").cursor] != expected:  # type: ignore[attr-defined]
            await stage.press(pilot, "down")
        await stage.press(pilot, "tab")
        assert app.screen.query_one(Input).value.strip() == expected

    stage.play(cloud, scene)


def test_a_command_filters_a_screen(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "colon")
        await stage.write(pilot, "instances state:error", "enter")
        shown = stage.text(app)
        assert "db-old" in shown
        assert "ci-07" not in shown
        await stage.press(pilot, "colon")
        await stage.write(pilot, "keymap vim", "enter")
        await stage.press(pilot, "escape")
        before = app.screen.table.cursor  # type: ignore[attr-defined]
        await stage.press(pilot, "k")
        assert app.screen.table.cursor == before - 1  # type: ignore[attr-defined]
        await stage.press(pilot, "colon")
        await stage.write(pilot, "no such thing", "enter")
        assert app.current_mode == "instances"

    stage.play(cloud, scene)


def test_views_are_remembered_as_a_browser_does() -> None:
    seen = History("home")
    for view in ("instances", "images", "images", "volumes"):
        seen.visit(view)
    assert seen.last == "images"
    assert [seen.step(-1), seen.step(-1), seen.step(-1), seen.step(-1)] == [
        "images", "instances", "home", "",
    ]  # fmt: skip
    assert seen.step(1) == "instances"
    seen.visit("traces")
    assert seen.step(1) == ""
    assert seen.last == "instances"


def test_the_last_view_and_the_way_back_are_one_key_away(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "2", "3", "minus")
        assert app.current_mode == "instances"
        await stage.press(pilot, "minus")
        assert app.current_mode == "images"
        await stage.press(pilot, "left_square_bracket")
        first = app.current_mode
        await stage.press(pilot, "left_square_bracket")
        assert (first, app.current_mode) == ("instances", "images")
        await stage.press(pilot, "right_square_bracket")
        assert app.current_mode == "instances"

    stage.play(cloud, scene)


def test_a_letter_leads_to_each_part(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "7")
        parts = [widget for widget in app.screen.focus_chain if widget.region.area]
        assert len(parts) >= 2
        for letter, part in zip("asdf", parts, strict=False):
            await stage.press(pilot, "f2")
            assert f"[{letter.upper()}]" in stage.text(app)
            await stage.press(pilot, letter)
            assert app.focused is part
        await stage.press(pilot, "ctrl+o", "escape")
        assert app.focused is not None

    stage.play(cloud, scene)


def test_the_menu_has_every_action_of_the_screen_and_does_it(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "2", "a")
        assert isinstance(app.screen, Menu)
        assert any(name.startswith("terminate ") for name in names(app))
        await stage.write(pilot, "sort")
        assert names(app) == ["sort"]
        await stage.press(pilot, "enter")
        assert app.screen.table.sorted_by is not None  # type: ignore[attr-defined]

    stage.play(cloud, scene)


def test_layouts_go_round_and_a_part_can_have_it_all(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "2")
        table = app.screen.table  # type: ignore[attr-defined]
        seen = []
        for _ in range(4):
            detail = app.screen.query_one("#detail")
            seen.append((detail.region.size, table.region.size))
            await stage.press(pilot, "f3")
        assert len(set(seen)) == 4
        height = table.region.height
        await stage.press(pilot, "plus")
        assert table.region.height > height
        await stage.press(pilot, "plus")
        assert table.region.height == height

    stage.play(cloud, scene)


def test_an_object_is_copied_in_every_form(
    cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "2", "y")
        target = app.target()
        assert target is not None
        assert app.clipboard == target.id
        for form, expected in (
            ("shell", f"openstack server show {target.id}"),
            ("api", f"GET /compute/v2.1/servers/detail/{target.id}"),
            ("name", target.name),
        ):
            await stage.press(pilot, "Y")
            assert isinstance(app.screen, Copying)
            await stage.write(pilot, form, "enter")
            assert app.clipboard.replace("/detail", "") == expected.replace("/detail", "")
        await stage.press(pilot, "Y")
        await stage.write(pilot, "json", "enter")
        assert json.loads(app.clipboard)["id"] == target.id

    stage.play(cloud, scene)


def test_where_no_clipboard_is_a_file_takes_the_text(
    cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    kept = tmp_path / "novabox" / "clipboard"

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        app.action_copy("short")
        assert not kept.exists()
        app.action_copy("long " * 20_000)
        assert kept.read_text() == "long " * 20_000
        assert kept.stat().st_mode & 0o777 == 0o600
        monkeypatch.setenv("TERM", "linux")
        app.action_copy("on the console")
        assert kept.read_text() == "on the console"

    stage.play(cloud, scene)


def test_a_password_that_no_longer_does_is_asked_for_and_the_draft_stays(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "2", "e")
        await stage.press(pilot, "end")
        await stage.write(pilot, "-renamed")
        form = app.screen
        cloud.password = "new"
        cloud.valid_tokens.clear()
        await pilot.press("ctrl+s")
        await stage.until(pilot, lambda: isinstance(app.screen, Password))
        assert "no longer lets you in" in stage.text(app)
        await stage.write(pilot, "new")
        await pilot.press("enter")
        await stage.settle(pilot)
        renamed = [body for method, _, body in cloud.calls if method == "PUT"]
        assert renamed[-1]["server"]["name"].endswith("-renamed")
        assert app.screen is not form

    stage.play(cloud, scene)


def test_read_only_says_so_and_offers_nothing_that_changes(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "2")
        assert "box1 (read-only)" in stage.text(app)
        before = len(cloud.calls)
        await stage.press(pilot, "T", "r", "ctrl+d", "e", "m")
        await stage.press(pilot, "escape", "escape")
        assert [call for call in cloud.calls[before:] if call[0] != "GET"] == []
        enabled = {
            active.binding.id for active in app.screen.active_bindings.values() if active.enabled
        }
        assert "instance.terminate" not in enabled
        assert "instance.log" in enabled

    stage.play(cloud, scene, is_read_only=True)
