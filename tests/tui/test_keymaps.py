"""Key maps: none has a clash, none makes destroying easy, and what is wrong with one is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui import stage
from tests.tui.fake_cloud import FakeCloud
from tui import __main__ as entry
from tui import keymaps, places, registry
from tui.actions.action import Level
from tui.app import Tui
from tui.screens import help as help_screen


def own(text: str) -> Path:
    """Write the user's file; return where it is."""
    path = Path(os.environ["XDG_CONFIG_HOME"]) / "novabox" / "keys.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_program_offers_every_preset_there_is() -> None:
    assert entry._PRESETS == keymaps.PRESETS
    there = {path.stem for path in (Path(keymaps.__file__).parent / "presets").iterdir()}
    assert {"default", *there} == set(keymaps.PRESETS)


@pytest.mark.parametrize("name", keymaps.PRESETS)
def test_no_preset_has_a_clash_or_makes_destroying_easy(name: str) -> None:
    assert keymaps.problems(keymaps.preset(name)) == []


@pytest.mark.parametrize("name", keymaps.PRESETS)
def test_what_destroys_takes_ctrl_and_an_answer(name: str) -> None:
    keys = keymaps.preset(name)
    destroying = [action for action in registry.REGISTRY if action.level >= Level.ONE_OBJECT]
    assert len(destroying) >= 5
    for action in destroying:
        assert all(key.startswith("ctrl+") for key in keymaps.keys_of(action, keys)), action.id


@pytest.mark.parametrize("name", keymaps.PRESETS)
def test_every_screen_comes_up_with_every_preset_and_no_clash(cloud: FakeCloud, name: str) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        for place in places.PLACES:
            if place.key:
                await stage.press(pilot, place.key)
                assert app.current_mode == place.name
                bound = {active.binding.id for active in app.screen.active_bindings.values()}
                assert "app.help" in bound
        assert app.clashes == []

    stage.play(cloud, scene, keys=keymaps.preset(name))


def test_a_preset_moves_the_cursor_and_the_help_says_so(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "2")
        before = app.screen.table.cursor  # type: ignore[attr-defined]
        await stage.press(pilot, "j")
        assert app.screen.table.cursor == before + 1  # type: ignore[attr-defined]
        await stage.press(pilot, "G")
        told = {label: key for key, label, _ in help_screen.rows(app.screen)}
        assert told["down"] == "Down j"

    stage.play(cloud, scene, keys=keymaps.preset("vim"))


def test_the_users_file_goes_over_the_preset() -> None:
    own('preset = "vim"\n[keys]\n"instance.stop" = "X"\n"list.sort" = "f8"\n')
    keys = keymaps.load(os.environ)
    assert keys["instance.stop"] == "X"
    assert keys["cursor.down"] == "down,j"
    assert keymaps.load(os.environ, wanted="default")["list.sort"] == "f8"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("keys = 7", "must be a table"),
        ("[keys", "keys.toml"),
        ('preset = "vi"', "did you mean vim"),
        ('[keys]\n"instance.halt" = "x"', "no action instance.halt"),
        ('[keys]\n"instance.stop" = 7', "in quotes"),
        ('[keys]\n"instance.stop" = "S"', "S is both instance.start and instance.stop"),
        ('[keys]\n"instance.stop" = "upper_s"', "S is both instance.start and instance.stop"),
        ('[keys]\n"instance.stop" = ":"', ": is both instance.stop and app.command on instances"),
        ('[keys]\n"instance.terminate" = "x"', "must have ctrl"),
    ],
)
def test_what_is_wrong_is_told_in_words(text: str, reason: str) -> None:
    own(text)
    with pytest.raises(keymaps.Unusable) as raised:
        keymaps.load(os.environ)
    assert reason in str(raised.value)


def test_the_program_refuses_a_wrong_one_before_it_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AUTH_URL", "USERNAME", "PASSWORD", "PROJECT_NAME"):
        monkeypatch.setenv(f"OS_{name}", "x")
    own('[keys]\n"instance.stop" = "S"')
    assert entry.main([]) == 2
    assert "S is both" in capsys.readouterr().err
