"""The room of hosts as lines: who takes it, box by box, and what still fits; sends nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from textual.content import Content

from tui import quantities, themes
from tui.client.nouns.planning import Capacity, Guest, HostRoom
from tui.glyphs import Glyphs, Meaning
from tui.widgets import tiles
from tui.widgets.spans import Span, clean

_LABEL: Final = 5  # cells of `vCPU `
_COUNTS: Final = 14  # cells of ` 9.1G/15.6G`
_FULL_SHARE: Final = 0.9
_COLOURS: Final[dict[str, str]] = {
    **dict(themes.COLOUR.items()), "dim": "$secondary", "title": "$primary",
}  # fmt: skip


def lines(found: Capacity, *, width: int, glyphs: Glyphs) -> Iterable[Content]:
    """Return the hosts, four lines each, and what still fits."""
    for host in found.hosts:
        yield from _host(host, width, glyphs)
    if not found.hosts:
        yield Content("No compute host has reported in.")
    yield from _fits(found, glyphs)


def _host(host: HostRoom, width: int, glyphs: Glyphs) -> Iterable[Content]:
    sign: Meaning = "good" if host.is_up else "failed"
    word = "up" if host.is_up else "takes no instances"
    has = f"{host.vcpus} vCPU, {quantities.memory(host.memory_mib)} RAM, {host.disk_gib}G disk"
    yield Content.assemble(
        (clean(host.name), "bold"),
        (f"  {glyphs.state(sign)} {word}", themes.COLOUR[sign]),
        (f"  {has}", "$secondary"),
    )
    cells = max(width - _LABEL - _COUNTS, 10)
    cpus = [(one, float(one.vcpus)) for one in host.instances]
    boxes = _boxes(cpus, max(host.vcpus, host.vcpus_used), cells, glyphs)
    yield _line("vCPU", boxes, f" {host.vcpus_used}/{host.vcpus}{_times(host, glyphs)}")
    boxes = _boxes(
        [(one, float(one.memory_mib)) for one in host.instances], host.memory_mib_limit, cells,
        glyphs,
    )  # fmt: skip
    memory = quantities.memory
    yield _line("RAM", boxes, f" {memory(host.memory_mib_used)}/{memory(host.memory_mib_limit)}")
    share = host.disk_gib_used / host.disk_gib_limit if host.disk_gib_limit else 0.0
    bar = (glyphs.bar(share, width=cells), "attention" if share >= _FULL_SHARE else "good")
    yield _line("Disk", [bar], f" {host.disk_gib_used}G/{host.disk_gib_limit}G")


def _boxes(
    parts: Sequence[tuple[Guest, float]], total: float, cells: int, glyphs: Glyphs
) -> list[Span]:
    named = [(guest.name, size, _style(guest)) for guest, size in parts]
    return tiles.row(named, total, width=cells, glyphs=glyphs)


def _style(guest: Guest) -> str:
    if guest.state == "imagined":
        return "attention"
    return "dim" if guest.state in ("others", "stopped", "error") else "title"


def _line(label: str, spans: Sequence[Span], counts: str) -> Content:
    pieces = [(text, _COLOURS.get(style, "")) for text, style in spans]
    return Content.assemble(f"{label:{_LABEL}}", *pieces, f"{counts:<{_COUNTS}}")


def _times(host: HostRoom, glyphs: Glyphs) -> str:
    """More vCPUs than there are may be given away: how many times as many."""
    ratio = host.vcpus_limit / max(host.vcpus, 1)
    return "" if ratio == 1 else f" {glyphs.times}{ratio:g}"


def _fits(found: Capacity, glyphs: Glyphs) -> Iterable[Content]:
    fit = "   ".join(f"{one.flavor} {glyphs.times}{one.count}" for one in found.fits if one.count)
    yield Content.assemble(("Fits ", "bold"), clean(fit) or "nothing more")
    wrong = [
        f"no room for that {one.flavor}: {one.why_not}"
        for one in found.imagined
        if one.host is None
    ]
    wrong += [f"{one.flavor}: {one.why_not}" for one in found.fits if not one.count][:1]
    only = f"{found.hosts[0].name}: " if len(found.hosts) == 1 else ""
    for reason in wrong:
        text = reason.replace(only, "", 1) if only else reason  # there is no other it could be
        yield Content.assemble((f"{glyphs.failed} ", themes.COLOUR["failed"]), clean(text))
