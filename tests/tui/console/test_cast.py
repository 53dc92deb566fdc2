"""Recordings: what is written is what asciinema reads, and what is read back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tui.console import cast
from tui.console.cast import BadCast, Event, Header


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_recording_is_read_back_as_it_was(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "web-1.cast"
    recorder = cast.Recorder(path, Header(columns=80, rows=24, title="web-1"), now_s=clock)
    clock.now_s += 0.5
    recorder.output("ż".encode()[:1])
    recorder.output("ż".encode()[1:] + b"\x1b[1mx\r\n")
    clock.now_s += 1
    recorder.mark("boot")
    recorder.resize(100, 30)
    recorder.close()
    header, events = cast.read(path)
    assert header == Header(columns=80, rows=24, title="web-1")
    assert list(events) == [
        Event(at_s=0.5, kind="o", data="ż\x1b[1mx\r\n"),
        Event(at_s=1.5, kind="m", data="boot"),
        Event(at_s=1.5, kind="r", data="100x30"),
    ]
    first = json.loads(path.read_text().splitlines()[0])
    assert (first["version"], first["width"], first["timestamp"]) == (2, 80, 1_790_000_000)


def test_what_was_said_is_in_the_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.cast"
    recorder = cast.Recorder(path, Header(columns=80, rows=24), now_s=Clock())
    recorder.output(b"before the power went")
    _, events = cast.read(path)
    assert [event.data for event in events] == ["before the power went"]
    recorder.close()


def test_no_file_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.cast"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        cast.Recorder(path, Header(columns=80, rows=24), now_s=Clock())
    assert path.read_text() == "mine"


def test_keys_and_kinds_to_come_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.cast"
    path.write_text(
        '{"version": 2, "width": 80, "height": 24}\n[1, "i", "secret"]\n\n[2, "o", "x"]\n'
    )
    _, events = cast.read(path)
    assert [event.data for event in events] == ["x"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "line 1: no asciicast header"),
        ("[]\n", "line 1: no asciicast header"),
        ('{"version": 2, "width": "wide", "height": 24}\n', "line 1: no asciicast header"),
        ('{"version": 3, "width": 80, "height": 24}\n', "line 1: version 3, only 2 can be read"),
        ('{"version": 2, "width": 80, "height": 24}\n[1, "o"]\n', "line 2: no event"),
        ('{"version": 2, "width": 80, "height": 24}\nnonsense\n', "line 2: no event"),
    ],
)
def test_a_file_that_is_no_recording_is_told_with_its_line(
    tmp_path: Path, content: str, said: str
) -> None:
    path = tmp_path / "a.cast"
    path.write_text(content)
    with pytest.raises(BadCast, match=said):
        list(cast.read(path)[1])
