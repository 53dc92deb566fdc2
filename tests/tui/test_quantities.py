"""Numbers as people read them."""

from __future__ import annotations

import pytest

from tui import quantities


@pytest.mark.parametrize(
    "moment",
    [
        "2026-09-21T14:13:20Z",
        "2026-09-21T14:13:20.000000",
        "2026-09-21 16:13:20+02:00",
        1_790_000_000,
        1_790_000_000_000_000,
    ],
)
def test_all_forms_of_one_moment_are_the_same(moment: str | int) -> None:
    assert quantities.epoch_s(moment) == 1_790_000_000.0


@pytest.mark.parametrize("moment", [None, "", "yesterday"])
def test_no_moment_is_none(moment: str | None) -> None:
    assert quantities.epoch_s(moment) is None
    assert quantities.since(moment, now_s=0.0) == "-"
    assert quantities.clock(moment) == "-"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(None, "-"), (-3, "0s"), (0, "0s"), (59.9, "59s"), (60, "1m"), (7199, "1h"), (86400, "1d")],
)
def test_ages(seconds: float | None, expected: str) -> None:
    assert expected == quantities.age(seconds)


@pytest.mark.parametrize(
    ("microseconds", "expected"),
    [(None, "-"), (0, "0 us"), (999, "999 us"), (4_200, "4.2 ms"), (1_310_000, "1.31 s"),
     (125_000_000, "2 m 05 s")],
)  # fmt: skip
def test_durations(microseconds: float | None, expected: str) -> None:
    assert expected == quantities.duration(microseconds)


@pytest.mark.parametrize(
    ("size_bytes", "expected"),
    [(None, "-"), (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (16_777_216, "16.0 MiB"),
     (2**40, "1.0 TiB"), (2**50, "1024.0 TiB")],
)  # fmt: skip
def test_sizes(size_bytes: float | None, expected: str) -> None:
    assert expected == quantities.size(size_bytes)
