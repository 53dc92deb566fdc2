"""The user's file: what is kept comes back, and nonsense is told with where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui import __main__ as entry
from tui import preferences
from tui.preferences import Preferences


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    here = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert preferences.load(here) == Preferences()
    preferences.keep(here, theme="light")
    assert preferences.keep(here, keys="vim") == Preferences(theme="light", keys="vim")
    assert preferences.load(here) == Preferences(theme="light", keys="vim")
    preferences.keep(here, glyphs='a "quoted" \\ word')
    assert preferences.load(here).glyphs == 'a "quoted" \\ word'


@pytest.mark.parametrize(
    ("text", "reason"),
    [("theme = ", "tui.toml"), ("thema = 'x'", "did you mean theme"), ("theme = 7", "in quotes")],
)
def test_nonsense_is_told(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "novabox").mkdir()
    (tmp_path / "novabox" / "tui.toml").write_text(text)
    with pytest.raises(preferences.Unreadable, match=reason):
        preferences.load({"XDG_CONFIG_HOME": str(tmp_path)})


def test_the_program_says_so_before_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AUTH_URL", "USERNAME", "PASSWORD", "PROJECT_NAME"):
        monkeypatch.setenv(f"OS_{name}", "x")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "novabox").mkdir()
    (tmp_path / "novabox" / "tui.toml").write_text("theme = 'purple'")
    assert entry.main([]) == 2
    assert "no theme purple" in capsys.readouterr().err
