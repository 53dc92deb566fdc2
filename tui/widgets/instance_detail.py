"""What is known of one instance, as lines; knows how many there is room for."""

from __future__ import annotations

from textual.content import Content

from tui import quantities, themes, words
from tui.client.nouns import Hop, Instance
from tui.glyphs import Glyphs
from tui.widgets.spans import clean


def title(instance: Instance) -> Content:
    """Return the title of the box."""
    return Content(clean(f"{instance.id[:8]} {instance.name}"))


def lines(
    instance: Instance, hops: list[Hop], *, glyphs: Glyphs, now_s: float, wide: bool
) -> list[Content]:
    """Return the lines: the state and what it waits for first, then what it is made of."""
    made_of = _made_of(instance, now_s=now_s)
    rows = [_state(instance, hops, glyphs=glyphs, now_s=now_s)]
    if wide:
        return [*rows, Content(""), *(_row(name, value) for name, value in made_of)]
    dot = f" {glyphs.dot} "
    return [*rows, *(
        Content(clean(dot.join(f"{name} {value}" for name, value in part)))
        for part in (made_of[:4], made_of[4:8], made_of[8:])
    )]  # fmt: skip


def step(hops: list[Hop]) -> Hop | None:
    """Return the hop that a request has come to: the newest that runs, or else the newest."""
    running = [hop for hop in hops if hop.status == "running"]
    return max(running or hops, key=lambda hop: hop.started_at, default=None)


def _state(instance: Instance, hops: list[Hop], *, glyphs: Glyphs, now_s: float) -> Content:
    word, meaning = words.of_instance(instance)
    text = f"{glyphs.state(meaning)} {word}"
    hop = step(hops)
    if reason := words.fault(instance):
        text += f": {reason}"
    elif meaning == "busy" and hop is not None:
        since = quantities.since(hop.started_at, now_s=now_s)
        arrow = glyphs.arrow
        text += (
            f" {glyphs.dot} hop {len(hops)}: {hop.name}, {hop.source} {arrow} {hop.target}, {since}"
        )
    return Content.styled(clean(text), themes.COLOUR[meaning])


def _made_of(instance: Instance, *, now_s: float) -> list[tuple[str, str]]:
    flavor = instance.flavor
    image = instance.image
    memory = quantities.memory(flavor.memory_mib)
    return [
        ("flavor", f"{flavor.name} ({flavor.vcpus} cpu, {memory}, {flavor.disk_gib}G)"),
        ("image", (image.name or image.id) if image else "-"),
        ("key", instance.key_name or "-"),
        ("ip", ", ".join(instance.addresses) or "-"),
        ("host", instance.host or "-"),
        ("zone", instance.zone or "-"),
        ("age", quantities.since(instance.created_at, now_s=now_s)),
        ("id", instance.id),
        ("request", instance.request_id or "-"),
    ]


def _row(name: str, value: str) -> Content:
    return Content.assemble((f"{name:8} ", "$secondary"), clean(value))
