"""When what is left will be gone, by a straight line; no line where the past is none."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from appliance import clock
from appliance.model.host import Sample

POINTS_MIN: Final = 12  # two hours of samples: fewer are an event, not a trend
FIT_MIN: Final = 0.8  # r²: how much of the ups and downs the line explains
AHEAD_S_MAX: Final = 90 * 86_400.0  # further ahead than this nobody plans a single box

# a resource → its fields in a sample: there is, is used
RESOURCES: Final = {
    "vcpus": ("vcpus", "vcpus_used"),
    "memory_mib": ("memory_mib", "memory_mib_used"),
    "disk_gib": ("disk_gib", "disk_gib_used"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """A straight line: so much more a day, full in so many seconds; `fit` is its r², 0 to 1."""

    resource: str
    per_day: float
    full_in_s: float
    fit: float


def forecasts(samples: Sequence[Sample], limits: dict[str, int]) -> list[Forecast]:
    """Of each resource that grows along a line and is full within three months; the first first.

    `limits` says by resource how much may be given away, allocation ratios and all.
    """
    found = [
        line
        for resource, (_, used) in RESOURCES.items()
        if (line := _line(resource, samples, used, limit=limits.get(resource, 0)))
    ]
    return sorted(found, key=lambda one: one.full_in_s)


def _line(resource: str, samples: Sequence[Sample], field: str, *, limit: int) -> Forecast | None:
    if len(samples) < POINTS_MIN:
        return None
    last_s = clock.seconds(samples[-1].at)
    times = [clock.seconds(sample.at) - last_s for sample in samples]
    values = [float(getattr(sample, field)) for sample in samples]
    try:
        slope, start = statistics.linear_regression(times, values)
        fit = statistics.correlation(times, values) ** 2
    except statistics.StatisticsError:  # a constant: nothing grows
        return None
    if slope <= 0 or fit < FIT_MIN:
        return None
    full_in_s = max((limit - start) / slope, 0.0)
    if full_in_s > AHEAD_S_MAX:
        return None
    return Forecast(
        resource=resource, per_day=round(slope * 86_400, 2), full_in_s=round(full_in_s),
        fit=round(fit, 3),
    )  # fmt: skip
