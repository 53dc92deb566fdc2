"""What a fetch tells: lines in a log, a bar that fits a terminal of 80 columns."""

from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len

from tui.catalog import progress
from tui.catalog.progress import Teller

MIB = 1 << 20


class Clock:
    """A clock that goes when it is told to."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_log_gets_a_line_now_and_then(clock: Clock) -> None:
    told = io.StringIO()
    with Teller(told, clock=clock).amount("disk", "downloading", total_bytes=400 * MIB) as at:
        for mib in range(0, 201, 10):
            at(mib * MIB)
            clock.now_s += 1.0
    assert told.getvalue().splitlines() == [
        "disk: downloading  25% 100.0 of 400.0 MiB   10.0 MiB/s      30 s left",
        "disk: downloading  50% 200.0 of 400.0 MiB   10.0 MiB/s      20 s left",
    ]


def test_a_download_that_goes_on_is_not_faster_than_it_is(clock: Clock) -> None:
    told = io.StringIO()
    with Teller(told, clock=clock).amount("disk", "downloading", total_bytes=400 * MIB) as at:
        at(300 * MIB)
        clock.now_s += 20.0
        at(320 * MIB)
    assert told.getvalue() == (
        "disk: downloading  80% 320.0 of 400.0 MiB    1.0 MiB/s  1 m 20 s left\n"
    )


def test_without_a_length_there_is_no_end_to_tell(clock: Clock) -> None:
    told = io.StringIO()
    with Teller(told, clock=clock).amount("disk", "downloading", total_bytes=None) as at:
        at(0)
        clock.now_s += 10.0
        at(2000 * MIB)
    assert told.getvalue() == "disk: downloading      2.0 GiB  200.0 MiB/s\n"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (59, "59 s"), (125, "2 m 05 s"), (4200, "1 h 10 m")]
)
def test_what_is_left_is_read_at_a_glance(seconds: float, said: str) -> None:
    assert progress._left(seconds) == said


def test_a_bar_fits_80_columns_and_keeps_its_width(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("FORCE_COLOR", "1")
    told = io.StringIO()
    with Teller(told, clock=clock).amount(
        "ubuntu-24.04", "downloading", total_bytes=600 * MIB
    ) as at:
        at(0)
        clock.now_s += 600.0
        at(123 * MIB)
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", told.getvalue())
    text = [line for line in re.split(r"[\r\n]+", plain) if "123.0" in line][-1]
    assert "ubuntu-24.04" in text
    assert " 20% 123.0 of 600.0 MiB  209.9 KiB/s 38 m 47 s left" in text
    assert cell_len(text) <= 80


def test_what_a_publisher_calls_a_thing_moves_no_cursor() -> None:
    told = io.StringIO()
    Teller(told).say("disk\x1b[2J: gone")
    assert told.getvalue() == "disk [2J: gone\n"
