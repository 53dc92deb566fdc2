"""The interface in real terminals: it starts, obeys its keys, and leaves the terminal as it was."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.pty import loopback
from tests.pty.loopback import Loopback

TERMS = ["xterm-256color", "xterm", "linux", "screen", "tmux-256color", "vt220"]


@pytest.mark.parametrize("term", TERMS)
def test_every_default_key_works_in_every_terminal(
    box1: Loopback, tmp_path: Path, term: str
) -> None:
    environ = {"TEXTUAL_DISABLE_KITTY_KEY": "1"} if term == "xterm" else {}
    with loopback.tui(box1, tmp_path, term=term, environ=environ) as terminal:
        terminal.wait_for("6/6 up")
        terminal.send("2")
        terminal.wait_for("Instances 5 of 5")
        terminal.send("down", "space")
        terminal.wait_for("1 marked")
        terminal.send("/")
        terminal.send(*"state:error")
        terminal.wait(lambda shown: "state:error" in shown and "Instances 1 of 5" in shown)
        terminal.send("escape")
        terminal.wait_for("Instances 5 of 5")
        terminal.send("?")
        terminal.wait_for("Keys")
        terminal.send("escape")
        terminal.settle(quiet_s=0.3)  # a key at once would make Alt and that key of it
        terminal.send("ctrl+p")
        terminal.wait_for("type a part of a name")
        terminal.send("escape")
        terminal.settle(quiet_s=0.3)
        terminal.send("ctrl+d")
        terminal.wait_for("terminate")
        terminal.send("escape")
        terminal.settle(quiet_s=0.3)
        terminal.send("ctrl+q")
        assert terminal.status() == 0


def test_at_the_end_the_terminal_is_as_it_was(box1: Loopback, tmp_path: Path) -> None:
    with loopback.tui(box1, tmp_path) as terminal:
        terminal.wait_for("6/6 up")
        terminal.send("ctrl+q")
        assert terminal.status() == 0
        said = bytes(terminal.output)
        for on, off in ((b"\x1b[?1049h", b"\x1b[?1049l"), (b"\x1b[?25l", b"\x1b[?25h")):
            assert said.rindex(off) > said.rindex(on)


def test_what_is_sent_piece_by_piece_is_what_would_be_sent_whole(
    box1: Loopback, tmp_path: Path
) -> None:
    """Control-R sends the whole screen again: nothing on it may change by that."""
    with loopback.tui(box1, tmp_path, size=(100, 30)) as terminal:
        terminal.wait_for("6/6 up")
        for key, crumb in (
            ("2", "Instances"), ("down", "Instances"), ("3", "Images"), ("5", "Volumes"),
            ("down", "Volumes"), ("9", "Traces"), ("2", "Instances"), ("up", "Instances"),
            ("1", "Home"),
        ):  # fmt: skip
            terminal.send(key)
            terminal.wait_for(f"▸ {crumb}")
            terminal.settle(quiet_s=0.4)
            before, size = terminal.text(), len(terminal.output)
            terminal.send("ctrl+r")
            terminal.wait(lambda _, size=size: len(terminal.output) > size + 2000)
            terminal.settle(quiet_s=0.25)
            assert _but_the_clock(before) == _but_the_clock(terminal.text())


def test_a_terminal_that_shrinks_and_grows_again_shows_all(box1: Loopback, tmp_path: Path) -> None:
    with loopback.tui(box1, tmp_path) as terminal:
        terminal.wait_for("6/6 up")
        terminal.send("2")
        terminal.wait_for("Instances 5 of 5")
        terminal.settle(quiet_s=0.3)
        hints = terminal.text().splitlines()[-2:]
        for size in ((20, 5), (200, 60), (80, 24)):
            terminal.resize(*size)
            terminal.settle(quiet_s=0.3)
        terminal.wait_for("web-3")
        assert terminal.text().splitlines()[-2:] == hints


@pytest.mark.parametrize("inherited", [signal.SIG_DFL, signal.SIG_IGN])
def test_a_closed_terminal_ends_it(
    box1: Loopback, tmp_path: Path, inherited: signal.Handlers
) -> None:
    before = signal.signal(signal.SIGHUP, inherited)
    try:
        with loopback.tui(box1, tmp_path) as terminal:
            terminal.wait_for("6/6 up")
            terminal.hang_up()
            assert terminal.status() == -signal.SIGHUP
    finally:
        signal.signal(signal.SIGHUP, before)


def _but_the_clock(text: str) -> str:
    first, _, rest = text.partition("\n")
    return first[:-8] + rest
