"""The console screen, driven by keys, on lines whose guests are these tests."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui import stage
from tests.tui.console.fake_line import FakeLine
from tests.tui.fake_cloud import NOW_S, FakeCloud
from tests.tui.stage import press, write
from tests.tui.test_golden import CONSOLE_FONT, GOLDEN, compare
from tui import glyphs, registry
from tui.actions import console
from tui.app import Tui
from tui.console import cast
from tui.console.line import Booted, Lost
from tui.console.pane import Pane
from tui.console.widget import Terminal
from tui.screens.console import Console
from tui.screens.instances import Instances

TAKEN = "ctrl+right_square_bracket"
WEB_1 = "1d000000-0000-4000-8000-000000000000"
LOG = b"".join(b"[%12.6f] virtio_blk virtio%d: [vda] ready\r\n" % (n / 70, n) for n in range(40))
KEPT = b"[    0.000000] Linux version 6.1.0 (gcc 12.2) #1 SMP\r\n" + LOG + b"\r\nweb-1 login: "


class Lines:
    """Opens lines, and remembers them."""

    def __init__(self, kept: bytes = KEPT) -> None:
        self.kept = kept
        self.by_id: dict[str, FakeLine] = {}

    def __call__(self, instance_id: str) -> FakeLine:
        self.by_id[instance_id] = FakeLine(self.kept)
        return self.by_id[instance_id]

    @property
    def first(self) -> FakeLine:
        return next(iter(self.by_id.values()))


async def sit_down(app: Tui, pilot: Pilot[None]) -> None:
    """Open the console of web-1, and wait until what was kept is on the screen."""
    await press(pilot, "2", "down", "c")
    await stage.until(pilot, lambda: "web-1 login:" in stage.text(app))


def play(cloud: FakeCloud, scene: stage.Scene, lines: Lines, **fields: object) -> None:
    stage.play(cloud, scene, open_line=lines, **fields)  # type: ignore[arg-type]  # as play's


def said(app: Tui) -> str:
    return "\n".join(notice.message for notice in app._notifications)


def test_every_key_but_one_goes_to_the_guest(cloud: FakeCloud) -> None:
    lines = Lines()

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await sit_down(app, pilot)
        await press(
            pilot, *"q1:?", "escape", "ctrl+q", "ctrl+c", "ctrl+p", "f1", "tab", "up", "enter"
        )
        await press(pilot, TAKEN, TAKEN)
        assert lines.first.typed == b"q1:?\x1b\x11\x03\x10\x1bOP\t\x1b[A\r\x1d"
        assert isinstance(app.screen, Console)

    play(cloud, scene, lines)


def test_the_letter_after_it_is_for_the_cloud(cloud: FakeCloud) -> None:
    lines = Lines()

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await sit_down(app, pilot)
        await press(pilot, TAKEN)
        assert "send break" in stage.text(app)
        await press(pilot, "escape", "x")
        assert "send break" not in stage.text(app)
        await press(pilot, TAKEN, "b")
        await stage.until(pilot, lambda: lines.first.breaks == 1)
        await press(pilot, TAKEN, "k")
        await stage.until(pilot, lambda: lines.first.reboots == 1)
        assert "Ctrl+Alt+Del sent" in said(app)
        assert lines.first.typed == b"x"
        await press(pilot, TAKEN, "q")
        assert isinstance(app.screen, Instances)
        await press(pilot, "c", TAKEN, "7")
        assert app.current_mode == "services"

    play(cloud, scene, lines)


def test_what_the_guest_says_is_shown_and_its_questions_answered_once_we_type(
    cloud: FakeCloud,
) -> None:
    lines = Lines(KEPT + b"\x1b[6n\x1b[c")

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await sit_down(app, pilot)
        lines.first.say(b"\x1b[6n\x1b[2J\x1b[Hhello")
        await stage.until(pilot, lambda: "hello" in stage.text(app))
        assert lines.first.typed == b"", "who only looks on types nothing"
        await press(pilot, "x")
        lines.first.say(b"\x1b[6n")
        await stage.until(pilot, lambda: lines.first.typed == b"x\x1b[1;6R")

    play(cloud, scene, lines)


def test_a_paste_is_bracketed_where_the_guest_wants_it(cloud: FakeCloud) -> None:
    lines = Lines()

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await sit_down(app, pilot)
        app.post_message(events.Paste("one\ntwo"))
        await stage.until(pilot, lambda: lines.first.typed == b"one\rtwo")
        lines.first.say(b"\x1b[?2004h.")
        await stage.until(pilot, lambda: "login: ." in stage.text(app))
        app.post_message(events.Paste("three"))
        await stage.until(pilot, lambda: lines.first.typed.endswith(b"\x1b[200~three\x1b[201~"))

    play(cloud, scene, lines)


def test_the_lines_before_are_read_searched_and_copied(cloud: FakeCloud) -> None:
    lines = Lines()

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await sit_down(app, pilot)
        await press(pilot, TAKEN, "slash")
        await write(pilot, "virtio7:", "enter")
        assert "virtio7:" in stage.text(app)
        assert "1 lines have it" in said(app)
        lines.first.say(b"\x1b[2Jmeanwhile")
        await press(pilot, "up", "space", "down", "y")
        expected = "\n".join(f"[{n / 70:12.6f}] virtio_blk virtio{n}: [vda] ready" for n in (6, 7))
        assert app.clipboard == expected
        assert "meanwhile" not in stage.text(app), "what one reads stays"
        await press(pilot, "left_square_bracket")
        assert "Linux version 6.1.0" in stage.text(app)
        await press(pilot, "k", "b", "w")
        assert lines.first.typed == b"", "letters move there"
        await press(pilot, "q")
        assert "meanwhile" in stage.text(app)
        await press(pilot, "x")
        assert lines.first.typed == b"x"

    play(cloud, scene, lines)


def test_a_search_goes_from_match_to_match_and_round(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await sit_down(app, pilot)
        pane = app.screen.query_one(Pane)
        await press(pilot, TAKEN, "slash")
        await write(pilot, "VDA", "enter")
        assert "nothing has VDA" in said(app), "capitals count where there are some"
        await press(pilot, "slash")
        await write(pilot, "virtio3", "enter")
        assert "11 lines have it" in said(app)
        at = [pane.history.cursor]
        for key in ("n", "N", "N", "N"):
            await press(pilot, key)
            at.append(pane.history.cursor)
        assert at == [40, 39, 40, 4, 31]

    play(cloud, scene, Lines())


def test_the_log_since_boot_begins_where_the_guest_did(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await sit_down(app, pilot)
        await press(pilot, TAKEN, "l")
        pane = app.screen.query_one(Pane)
        assert (pane.history.cursor, pane.is_reading()) == (44, True)

    play(cloud, scene, Lines(b"older\r\n" + KEPT + b"\r\n" + KEPT))


def test_two_guests_stand_side_by_side(cloud: FakeCloud) -> None:
    lines = Lines()

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await sit_down(app, pilot)
        app.simulate_key(TAKEN)
        app.simulate_key("vertical_line")
        await stage.until(pilot, lambda: len(lines.by_id) == 2 or len(app.screen_stack) > 2)
        if len(lines.by_id) == 1:
            await press(pilot, "enter")
        await stage.until(pilot, lambda: len(app.screen.query(Pane)) == 2)
        await stage.until(pilot, lambda: app.screen.query(Pane)[1].terminal.has_focus)
        await press(pilot, "b")
        await press(pilot, TAKEN, "tab", "a")
        first, second = lines.by_id.values()
        assert (first.typed, second.typed) == (b"a", b"b")
        await press(pilot, TAKEN, "vertical_line")
        await stage.until(pilot, lambda: len(app.screen.query(Pane)) == 1)
        await press(pilot, "c")
        assert first.typed == b"ac"

    play(cloud, scene, lines, size=(120, 38))


def test_the_keyboard_is_one_persons_until_another_takes_it(cloud: FakeCloud) -> None:
    lines = Lines()

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await sit_down(app, pilot)
        lines.first.writer = "alice"
        await press(pilot, "x")
        assert "alice has the keyboard" in said(app)
        app.screen.query_one(Pane).tick()
        await stage.settle(pilot)
        assert "alice types" in stage.text(app)
        await press(pilot, TAKEN, "w")
        await stage.until(pilot, lambda: "keyboard is yours" in said(app))
        await press(pilot, "y")
        await stage.until(pilot, lambda: lines.first.typed == b"y")

    play(cloud, scene, lines)


def test_a_recording_has_what_was_said_and_never_what_was_typed(
    cloud: FakeCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = Lines()
    monkeypatch.chdir(tmp_path)

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await sit_down(app, pilot)
        await press(pilot, TAKEN, "r", *"secret")
        lines.first.say(b"Password: ")
        lines.first.tell(Booted(at=NOW_S))
        await stage.until(pilot, lambda: "booted 14:13:20" in _ticked(app))
        await press(pilot, TAKEN, "r")
        assert "recorded" in said(app)

    play(cloud, scene, lines)
    (path,) = tmp_path.glob("web-1-*.cast")
    _, recorded = cast.read(path)
    assert [(event.kind, event.data) for event in recorded] == [("o", "Password: "), ("m", "boot")]
    assert b"secret" not in path.read_bytes()


def _ticked(app: Tui) -> str:
    for pane in app.screen.query(Pane):
        pane.tick()
    return stage.text(app)


def test_text_and_files_are_sent(cloud: FakeCloud, tmp_path: Path) -> None:
    lines = Lines()
    script, huge = tmp_path / "run.sh", tmp_path / "huge"
    script.write_text("echo one\necho two\n")
    huge.write_bytes(b"x" * (1024 * 1024 + 1))

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await sit_down(app, pilot)
        for text in ("ls -l", f"@{script}", f"@{huge}", "@/no/such/file"):
            app.simulate_key(TAKEN)
            app.simulate_key("s")
            await stage.until(pilot, lambda: isinstance(app.focused, Input))
            assert isinstance(app.focused, Input)
            app.focused.insert_text_at_cursor(text)
            app.simulate_key("enter")
            await stage.until(pilot, lambda: isinstance(app.screen, Console))
        await stage.until(pilot, lambda: "no such file" in said(app))
        assert "larger than 1 MiB" in said(app)
        assert lines.first.typed == b"ls -l\recho one\recho two\r"

    play(cloud, scene, lines)


def test_fitting_makes_the_screen_as_large_as_it_is_shown_and_tells_the_guest(
    cloud: FakeCloud,
) -> None:
    lines = Lines()

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await sit_down(app, pilot)
        emulator = app.screen.query_one(Terminal).emulator
        assert (emulator.columns, emulator.rows) == (80, 24)
        await press(pilot, TAKEN, "f")
        assert "Instances" not in stage.text(app)
        await press(pilot, TAKEN, "f", TAKEN, "z")
        assert (emulator.columns, emulator.rows) == (86, 35)
        assert lines.first.typed == b"stty cols 86 rows 35\r"

    play(cloud, scene, lines, size=(120, 38))


def test_a_small_window_follows_the_cursor(cloud: FakeCloud) -> None:
    lines = Lines()

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await sit_down(app, pilot)
        lines.first.say(b"\x1b[2J\x1b[1;1Htop left\x1b[24;70Hbottom")
        await stage.until(pilot, lambda: "bottom" in stage.text(app))
        assert "top left" not in stage.text(app)
        lines.first.say(b"\x1b[H")
        await stage.until(pilot, lambda: "top left" in stage.text(app))

    play(cloud, scene, lines, size=(60, 16))


def test_silence_and_a_broken_line_are_explained(cloud: FakeCloud) -> None:
    lines = Lines(b"")

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "down", "c")
        app.now_s = lambda: NOW_S + 61
        assert isinstance(app.screen, Console)
        app.screen.tick()
        await stage.settle(pilot)
        assert "no output for 1m: the image may not use ttyS0" in stage.text(app)
        lines.first.tell(Lost(reason="the broker is gone", retry_s=1.0))
        await stage.until(pilot, lambda: "the broker is gone" in _ticked(app))
        lines.first.say(b"back")
        await stage.until(pilot, lambda: "the broker is gone" not in _ticked(app))
        app.screen.tick()
        await stage.settle(pilot)
        assert "no output" not in stage.text(app)

    play(cloud, scene, lines)


def test_text_chosen_with_the_mouse_is_copied(cloud: FakeCloud) -> None:
    lines = Lines()

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await sit_down(app, pilot)
        lines.first.say(b"\x1b[2J\x1b[24;1Hchoose me not me")
        await stage.until(pilot, lambda: "choose me" in stage.text(app))
        terminal = app.screen.query_one(Terminal)
        bottom = terminal.size.height - 1
        await pilot.mouse_down(terminal, offset=(0, bottom))
        await pilot.hover(terminal, offset=(9, bottom))
        await pilot.mouse_up(terminal, offset=(9, bottom))
        await stage.until(pilot, lambda: app.clipboard)
        assert app.clipboard.startswith("choose me")
        assert "not me" not in app.clipboard

    play(cloud, scene, lines)


def test_no_key_is_missed_while_the_guest_floods(cloud: FakeCloud) -> None:
    """2 MB of `yes` are shown while keys are pressed: all arrive, each soon."""
    lines = Lines()
    flood, pressed = 2_000_000, 40

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await sit_down(app, pilot)
        delays: list[float] = []
        for _ in range(flood // 50_000):
            lines.first.say(b"y\r\n" * (50_000 // 3))
        for _ in range(pressed):
            began = time.monotonic()
            app.simulate_key("x")
            await lines.first.next_typed()
            delays.append(time.monotonic() - began)
        lines.first.say(b"\x1b[2J\x1b[Hend of the flood")
        await stage.until(pilot, lambda: "end of the flood" in stage.text(app))
        assert lines.first.typed == b"x" * pressed
        assert sorted(delays)[int(0.95 * pressed)] < 0.5  # measured 10 ms; tests share the machine

    play(cloud, scene, lines)


def test_random_letters_end_nothing(
    cloud: FakeCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(11)
    monkeypatch.chdir(tmp_path)
    cloud.answers = {r"POST .*/servers/.*/action": (202, None), **cloud.answers}
    letters = [action.keys for action in registry.of_view(console.VIEW)]
    others = [*"xnNyqgGbk/", "enter", "escape", "up", "pageup", "space"]

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        for _ in range(150):
            if app.current_mode != "instances" or len(app.screen_stack) == 1:
                await press(pilot, "escape", "2", "c")
            for key in (TAKEN, chance.choice(letters), chance.choice(others)):
                app.simulate_key(key)
                await pilot.pause(0)
            assert app.is_running
        await stage.settle(pilot)

    play(cloud, scene, Lines())


SCREENS: dict[str, tuple[tuple[int, int], list[str]]] = {
    "console": ((80, 24), []),
    "console-keys": ((80, 24), [TAKEN]),
    "console-history": ((80, 24), [TAKEN, "l", "down"]),
    "console-wide": ((120, 38), []),
}


def drawn(cloud: FakeCloud, name: str, signs: glyphs.Glyphs) -> str:
    size, keys = SCREENS[name]
    shown: list[str] = []

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await sit_down(app, pilot)
        await press(pilot, *keys)
        shown.append(stage.text(app) + "\n")

    play(cloud, scene, Lines(), size=size, signs=signs)
    return shown[0]


@pytest.mark.parametrize("name", SCREENS)
def test_a_console_looks_as_it_did(cloud: FakeCloud, name: str) -> None:
    below_header = drawn(cloud, name, glyphs.UNICODE).partition("\n")[2]
    compare(GOLDEN / f"{name}.txt", below_header)


@pytest.mark.parametrize("name", SCREENS)
@pytest.mark.parametrize(
    ("signs", "is_shown"),
    [
        (glyphs.ASCII, lambda sign: " " <= sign <= "~" or sign == "\n"),
        (glyphs.TTY, lambda sign: ord(sign) < 127 or sign in CONSOLE_FONT),
    ],
    ids=["ascii", "tty"],
)
def test_poor_terminals_can_show_it(
    cloud: FakeCloud, name: str, signs: glyphs.Glyphs, is_shown: Callable[[str], bool]
) -> None:
    assert {sign for sign in drawn(cloud, name, signs) if not is_shown(sign)} == set()


def test_line_drawing_of_a_guest_is_ascii_on_an_ascii_terminal(cloud: FakeCloud) -> None:
    lines = Lines()

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await sit_down(app, pilot)
        lines.first.say("\x1b[2J\x1b[24;1H\x1b(0lqqk\x1b(B 漢 é".encode())
        await stage.until(pilot, lambda: "+--+ ?? ?" in stage.text(app))

    play(cloud, scene, lines, signs=glyphs.ASCII)
