"""The entry: what it imports and when, what it says of wrong arguments, and drawings as files."""

from __future__ import annotations

import os
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from textual.pilot import Pilot

from tests.tui import stage
from tests.tui.fake_cloud import ENVIRON, FakeCloud
from tui import __main__ as entry
from tui import screenshot
from tui.app import Tui


def modules_after(code: str) -> set[str]:
    """Return what a fresh interpreter has imported after ``code``."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return set(done.stdout.split())


def test_reading_the_arguments_imports_no_textual() -> None:
    loaded = modules_after("import tui.__main__")
    assert not {"textual", "rich", "httpx2", "msgspec"} & loaded


def test_the_first_paint_waits_for_no_http_client() -> None:
    loaded = modules_after("import tui.app, tui.screens.home")
    assert not {"httpx2", "msgspec"} & loaded
    others = {name for name in loaded if name.startswith("tui.screens.")}
    assert others == {f"tui.screens.{name}" for name in ("fitting", "home", "view")}


def test_the_client_imports_no_screen() -> None:
    loaded = modules_after("import tui.client.session, tui.client.stream")
    assert "textual" not in loaded


def test_without_credentials_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith("OS_")]:
        monkeypatch.delenv(name)
    assert entry.main([]) == 2
    assert "novabox env" in capsys.readouterr().err


def test_a_drawing_of_no_cloud_fails_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: os.PathLike[str]
) -> None:
    for name, value in (ENVIRON | {"OS_AUTH_URL": "http://127.0.0.1:1/identity/v3"}).items():
        monkeypatch.setenv(name, value)
    assert entry.main(["--screenshot", f"{os.fspath(tmp_path)}/home.svg"]) == 1
    assert "127.0.0.1:1" in capsys.readouterr().err


def test_a_drawing_is_xml_that_needs_nothing_from_afar(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        svg = screenshot.portable(app.export_screenshot())
        assert ElementTree.fromstring(svg).tag.endswith("svg")
        assert "url(" not in svg.replace("url(#", "")
        assert ">db-old:<" in svg

    stage.play(cloud, scene)
