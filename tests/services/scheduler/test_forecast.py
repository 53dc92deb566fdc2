"""A straight line: seen where there is one, and nowhere else."""

import random

import pytest

from appliance import clock
from appliance.model.host import Sample
from services.scheduler import forecast

LIMITS = {"vcpus": 64, "memory_mib": 16_384, "disk_gib": 400}


def samples(*memory_mib_used: float) -> list[Sample]:
    now_s = clock.now()
    count = len(memory_mib_used)
    return [
        Sample(
            at=clock.stamp(now_s - 600 * (count - index)), vcpus=4, memory_mib=16_384,
            disk_gib=400, instances=1, vcpus_used=1, memory_mib_used=int(used), disk_gib_used=10,
        )
        for index, used in enumerate(memory_mib_used)
    ]  # fmt: skip


def test_what_grows_evenly_is_full_when_the_line_says() -> None:
    """24 samples, 10 MiB each: 1,440 MiB a day; at 230 of 16,384 there are 11.2 days left."""
    (line,) = forecast.forecasts(samples(*(10 * n for n in range(24))), LIMITS)

    assert (line.resource, line.per_day, line.fit) == ("memory_mib", 1440.0, 1.0)
    assert line.full_in_s == pytest.approx((16_384 - 230) / 10 * 600, rel=0.001)


@pytest.mark.parametrize(
    ("why", "values"),
    [
        ("too few", [10 * n for n in range(11)]),
        ("nothing grows", [500] * 24),
        ("it shrinks", [1000 - 10 * n for n in range(24)]),
        ("one launch is a step, no line", [512] * 12 + [1024] * 12),
        ("noise", [random.Random(3).randrange(4096) for _ in range(48)]),
        ("in a year nobody plans", [n / 6 for n in range(48)]),
    ],
)
def test_where_there_is_no_line_none_is_drawn(why: str, values: list[float]) -> None:
    assert forecast.forecasts(samples(*values), LIMITS) == [], why


def test_what_is_full_already_is_full_now() -> None:
    (line,) = forecast.forecasts(
        samples(*(10 * n for n in range(24))), LIMITS | {"memory_mib": 100}
    )

    assert line.full_in_s == 0
