"""What running would do, as lines: the host with its numbers, the quota after, the image."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from textual.content import Content

from tui import quantities, themes
from tui.client.nouns.planning import Check, HostChecks, RunPlan, Share
from tui.glyphs import Glyphs
from tui.widgets.spans import clean, fit

_ROOM: Final = {"RamFilter": "RAM", "CoreFilter": "vCPU", "DiskFilter": "disk"}
_WORDS: Final = {"ram": "RAM", "gigabytes": "GiB"}
_SHOWN: Final = ("instances", "cores", "ram", "volumes", "gigabytes")
_NUMBERS: Final = 21  # cells of `38.5G -> 38.6G of 50G`


def lines(plan: RunPlan, *, project: str, glyphs: Glyphs) -> Iterable[Content]:
    """Return what a person wants to know before it is sent, the refusal first."""
    if plan.refusal:
        sign = themes.COLOUR["failed"]
        yield Content.styled(clean(f"{glyphs.failed} {plan.refusal.message}"), sign)
    elif plan.host:
        yield Content.assemble("The scheduler would choose ", (clean(plan.host), "bold"))
    if plan.count.asked > 1:
        yield Content(f"{plan.count.placed} of {plan.count.asked} have room")
    for host in plan.hosts:
        yield from _host(host, glyphs, is_named=len(plan.hosts) > 1 or plan.host is None)
    shown = sorted(
        (one for one in plan.quota if one.resource in _SHOWN or one.is_exceeded),
        key=lambda one: (one.resource not in _SHOWN, one.resource != "instances"),
    )
    if shown:
        yield Content(clean(f"Quota of {project}"))
        yield from (_quota(one, glyphs) for one in shown)
    yield from _image(plan)


def _host(host: HostChecks, glyphs: Glyphs, *, is_named: bool) -> Iterable[Content]:
    if is_named:
        yield Content(clean(host.name))
    for check in host.checks:
        if check.filter in _ROOM and check.asked is not None:
            yield _room(check, glyphs)
        elif not check.is_passed:
            yield Content.assemble("  ", clean(check.text), " ", _mark(False))


def _room(check: Check, glyphs: Glyphs) -> Content:
    used = max((check.limit or 0) - (check.free or 0), 0)
    numbers = (_amount(value, check.unit) for value in (used, check.asked or 0, check.limit or 0))
    text = "{} + {} of {}".format(*numbers)
    row = f"  {_ROOM[check.filter]:9} {fit(text, _NUMBERS, ellipsis=glyphs.ellipsis)} "
    return Content.assemble(row, _mark(check.is_passed))


def _quota(one: Share, glyphs: Glyphs) -> Content:
    unit = "MiB" if one.resource == "ram" else ""
    of = "" if one.limit < 0 else f" of {_amount(one.limit, unit)}"
    after = _amount(one.used + one.asked, unit)
    text = f"{_amount(one.used, unit)} {glyphs.arrow} {after}{of}"
    numbers = fit(text, _NUMBERS, ellipsis=glyphs.ellipsis)
    return Content.assemble(
        clean(f"  {_WORDS.get(one.resource, one.resource):9} {numbers} "),
        _mark(not one.is_exceeded),
    )


def _mark(is_good: bool) -> tuple[str, str]:
    return ("ok", themes.COLOUR["good"]) if is_good else ("no", themes.COLOUR["failed"])


def _image(plan: RunPlan) -> Iterable[Content]:
    if plan.image is None or plan.host is None:
        return
    size = quantities.size(plan.image.size_bytes)
    there, new = f"The image is on {plan.host} already", f"The image is new there: {size} to fetch"
    yield Content(clean(there if plan.image.is_cached else new))


def _amount(value: int, unit: str) -> str:
    if unit == "MiB":
        return quantities.memory(value).replace(".0G", "G")
    return f"{value}G" if unit == "GiB" else str(value)
