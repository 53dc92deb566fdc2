"""One hop as one line of a sequence diagram: an arrow across the lanes, number, name; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tui import quantities, words
from tui.client.nouns import Hop
from tui.glyphs import Glyphs
from tui.theatre import lanes
from tui.widgets.spans import Span, clean, fit

TIME = 8  # cells of the time before the first lane
_NUMBER = 5  # cells of the hop's number after the last
_NAME = 12  # cells that its name has at the least, the gap before it included

_STYLE_BY_KIND: Final[Mapping[str, str]] = {
    "http": "title",
    "sent": "key",
    "taken": "key",
    "driver": "good",
    "stream": "good",
}


def pitch(width: int, count: int) -> int:
    """Return the cells from one of ``count`` lanes to the next: seven, down to five if narrow."""
    return max(5, min(7, (width - TIME - _NUMBER - _NAME) // max(1, count - 1)))


def head(stage: Sequence[str], *, width: int) -> list[Span]:
    """Return the names of the lanes, each over its line."""
    step = pitch(width, len(stage))
    cells = [" "] * (TIME + step * len(stage) + 4)
    for at, lane in enumerate(stage):
        start = TIME + at * step - (1 if at else 0)
        cells[start : start + len(lane)] = lane
    return [("".join(cells), "")]


def line(
    hop: Hop, stage: Sequence[str], *, number: str, start_us: int, width: int, glyphs: Glyphs
) -> list[Span]:
    """Return the line of one hop; its name comes last, and is cut off where it is narrow."""
    meaning = words.of_hop(hop)[1]
    style = "" if meaning == "good" else meaning
    colour = style or _STYLE_BY_KIND.get(hop.kind, "")
    when = quantities.duration(max(0, hop.started_at - start_us)).replace(" ", "")
    source, target = (stage.index(lane) for lane in lanes.ends(hop))
    step = pitch(width, len(stage))
    before, arrow, after = _stage(source, target, count=len(stage), step=step, glyphs=glyphs)
    return [
        (fit(when, TIME - 1, ellipsis="") + " ", "dim"),
        (before, "dim"),
        (arrow, colour),
        (after, "dim"),
        (f"{number:>{_NUMBER}}", style or "dim"),
        (f"  {clean(hop.name)}", style),
    ]


def _stage(
    source: int, target: int, *, count: int, step: int, glyphs: Glyphs
) -> tuple[str, str, str]:
    """Return what is left of the arrow, the arrow, and what is right of it."""
    lanes_line = list((glyphs.lane + " " * (step - 1)) * (count - 1) + glyphs.lane)
    left, right = min(source, target) * step, max(source, target) * step
    if left == right:
        lanes_line[left] = glyphs.work
    else:
        lanes_line[left : right + 1] = _arrow(source < target, right - left, step, glyphs)
    text = "".join(lanes_line)
    return text[:left], text[left : right + 1], text[right + 1 :]


def _arrow(goes_right: bool, length: int, step: int, glyphs: Glyphs) -> list[str]:
    body = [glyphs.crossing if at % step == 0 else glyphs.wire for at in range(1, length)]
    if goes_right:
        body[-1] = glyphs.arrow_right
        return [glyphs.sender, *body, glyphs.lane_end]
    body[0] = glyphs.arrow_left
    return [glyphs.lane_end, *body, glyphs.sender]
