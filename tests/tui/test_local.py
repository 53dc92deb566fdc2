"""In a browser no file of the server's is read, whoever names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui import drafts, local
from tui.screens import console


def test_a_users_own_file_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOVABOX_TUI_SERVED", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "init.sh").write_text("#!/bin/sh")
    assert local.file("~/init.sh") == tmp_path / "init.sh"
    assert drafts.read_data("~/init.sh")


@pytest.mark.parametrize("name", ["", "nowhere", "~nobody-here/x", "a\0b", "/dev/null", "."])
def test_what_is_no_plain_file_is_none(name: str) -> None:
    with pytest.raises(FileNotFoundError, match="no such file"):
        local.file(name)


def test_in_a_browser_it_is_the_servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOVABOX_TUI_SERVED", "1")
    secret = tmp_path / "secret"
    secret.write_text("the server's")
    for read in (drafts.read_data, console._read):
        with pytest.raises(PermissionError, match="the server's, not yours"):
            read(str(secret))
