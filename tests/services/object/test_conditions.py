"""Ranges, and when they count."""

import pytest

from services.object import conditions
from services.object.conditions import Span

NOON = 1_700_000_000_00000


def spans(text: str, *, size_bytes: int = 100, **headers: str) -> list[tuple[int, int]]:
    said = {"range": text, **{name.replace("_", "-"): value for name, value in headers.items()}}
    found = conditions.spans(said, size_bytes=size_bytes, etag="abc", ticks=NOON)
    return [(span.start, span.stop) for span in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes=0-9", [(0, 10)]), ("bytes=90-", [(90, 100)]), ("bytes=-5", [(95, 100)]),
        ("bytes=0-0,50-59, -1", [(0, 1), (50, 60), (99, 100)]), ("bytes=95-200", [(95, 100)]),
        ("bytes=0-9,500-600", [(0, 10)]), ("bytes=-500", [(0, 100)]),
        ("bytes=9-0", []), ("bytes=0-9,9-0", []), ("bytes=", []), ("bytes=-", []),
        ("items=0-9", []),
        ("bytes=0-9,", []), ("bytes=\u0661-9", []), ("bytes=" + "9" * 5000 + "-", []), ("", []),
    ],
)  # fmt: skip
def test_ranges_are_read_as_they_are_written(text: str, expected: list[tuple[int, int]]):
    assert spans(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "bytes=100-", "bytes=-0", "bytes=100-,200-300",
        "bytes=" + ",".join("0-0" for _ in range(4)),
        "bytes=" + ",".join(f"{number}-{number}" for number in range(51)),
    ],
)  # fmt: skip
def test_ranges_outside_or_too_many_are_unsatisfiable(text: str):
    with pytest.raises(conditions.Unsatisfiable):
        spans(text)


def test_a_range_counts_only_if_the_object_is_the_same():
    for same in ('"abc"', "abc", "Tue, 14 Nov 2023 22:13:20 GMT"):
        assert spans("bytes=0-9", if_range=same) == [(0, 10)]
    for other in ('"abd"', "Tue, 14 Nov 2023 22:13:21 GMT", ""):
        assert spans("bytes=0-9", if_range=other) == []


def test_a_span_is_written_as_in_the_header():
    assert str(Span(5, 10, 100)) == "bytes 5-9/100"
