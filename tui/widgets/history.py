"""How much was given away, as a chart, and the straight line that the cloud draws from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from textual.content import Content

from tui import quantities
from tui.client.nouns.planning import Capacity, Forecast
from tui.glyphs import Glyphs
from tui.widgets import tiles

_DAY_S: Final = 86_400.0
_MARGIN: Final = 9  # cells of `  8.0G ┤`
_AHEAD: Final = 4  # one part in so many of the chart is the future, where it is foretold
EMPTY: Final = "Nothing is noted down yet: a sample is taken every ten minutes."


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What a chart is of: its name, the resource, how numbers are written, for how long."""

    name: str
    resource: str
    written: Callable[[float], str]
    days: int

    @property
    def title(self) -> str:
        """What stands over it."""
        return f"{self.name} given away, last {'24 h' if self.days == 1 else f'{self.days} days'}"


CHARTS: Final = tuple(
    Chart(name=name, resource=resource, written=written, days=days)
    for days in (1, 7)
    for name, resource, written in (
        ("RAM", "memory_mib", quantities.memory),
        ("vCPU", "vcpus", lambda value: f"{value:.0f}"),
        ("Disk", "disk_gib", lambda value: f"{value:.0f}G"),
    )
)


def comes(forecast: Forecast | None) -> str:
    """Return what the line says, and how well it fits; nothing where there is no line."""
    if forecast is None:
        return ""
    full = "full now" if forecast.full_in_s < 1 else f"full in {quantities.age(forecast.full_in_s)}"
    return f"{full} by a straight line, fit {forecast.fit:.2f}"


def of(found: Capacity, chart: Chart) -> Forecast | None:
    """Return the forecast of the chart's resource, if there is one."""
    return next((one for one in found.forecasts if one.resource == chart.resource), None)


def lines(
    found: Capacity, chart: Chart, *, now_s: float, width: int, height: int, glyphs: Glyphs
) -> Iterable[Content]:
    """Return the rows of the chart, the highest first."""
    samples = [
        (quantities.epoch_s(one.at) or 0.0, float(getattr(one, f"{chart.resource}_used")))
        for one in found.history
    ]
    limit = float(sum(getattr(host, f"{chart.resource}_limit") for host in found.hosts))
    if not samples or not limit:
        yield Content(EMPTY)
        return
    columns = max(width - _MARGIN, 10)
    ahead = columns // _AHEAD if of(found, chart) else 0
    past = tiles.buckets(
        samples, start_s=now_s - chart.days * _DAY_S, end_s=now_s + 1, count=columns - ahead
    )
    seen = [value for value in past if value is not None]
    top = max([limit, *seen]) if ahead else max([*seen, limit / 4])
    rows = tiles.chart(past, top, height=height, glyphs=glyphs)
    future = _future(seen[-1] if seen else 0.0, limit, top, (ahead, height), glyphs)
    for at, row in enumerate(rows):
        label = chart.written(top * (height - at) / height)
        yield Content.assemble(
            (f"{label:>6} {glyphs.axis}", "$secondary"), (row, "$success"),
            (future[at], "$warning"),
        )  # fmt: skip


def _future(
    now: float, limit: float, top: float, size: tuple[int, int], glyphs: Glyphs
) -> Sequence[str]:
    """Return the straight line from now to where all is given away, one text a row."""
    ahead, height = size
    cells = [[" "] * ahead for _ in range(height)]
    for column in range(ahead):
        value = now + (limit - now) * (column + 1) / ahead
        level = min(int(value / top * height), height - 1)
        cells[height - 1 - level][column] = glyphs.ahead
    return ["".join(row) for row in cells]
