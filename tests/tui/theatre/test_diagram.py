"""One hop as one line."""

from __future__ import annotations

import pytest

from tui import glyphs
from tui.client.nouns import Hop
from tui.theatre import diagram, lanes, story


def draw(kind: str, source: str, target: str, *, width: int = 100, status: str = "ok") -> str:
    hop = Hop(id="h", request_id="r", kind=kind, source=source, target=target, status=status,
              name="spawn", started_at=5_000)  # fmt: skip
    line = diagram.line(
        hop, lanes.LANES, number="7 ", start_us=1_000, width=width, glyphs=glyphs.ASCII
    )
    return "".join(text for text, _ in line)


@pytest.mark.parametrize(
    ("kind", "source", "target", "arrow"),
    [
        ("http", "client", "api", "o----->|      :      :"),
        ("state", "api", "database", ":      o----->|      :"),
        ("sent", "api", "compute.box1", ":      o------+----->|"),
        ("state", "scheduler", "database", ":      :      |<-----+------o"),
        (
            "driver",
            "network",
            "nftables",
            ":      :      :      :      :      :      :      :      #",
        ),
    ],
)
def test_an_arrow_goes_from_lane_to_lane(kind: str, source: str, target: str, arrow: str) -> None:
    assert draw(kind, source, target).startswith("4.0ms   " + arrow)


def test_the_name_is_there_where_there_is_room() -> None:
    assert draw("http", "client", "api", width=120).endswith("7   spawn")


def test_lane_names_stand_over_their_lanes() -> None:
    head = diagram.head(lanes.LANES, width=100)[0][0]
    for at, lane in enumerate(lanes.LANES):
        column = diagram.TIME + 7 * at
        assert lane in head[column - 1 : column + 4]


@pytest.mark.parametrize(
    ("kind", "source", "target", "ends"),
    [
        ("sent", "api", "network.box1", ("API", "MQ")),
        ("taken", "queue", "network.box1", ("MQ", "NET")),
        ("taken", "compute.box1", "queue", ("MQ", "CMP")),
        ("state", "compute", "instances", ("CMP", "DB")),
        ("stream", "glance", "compute", ("IMG", "CMP")),
        ("driver", "compute", "libvirt", ("CMP", "VM")),
        ("driver", "compute", "quantum", ("CMP", "QUAN")),
    ],
)
def test_ends_are_lanes(kind: str, source: str, target: str, ends: tuple[str, str]) -> None:
    assert ends == lanes.ends(Hop(id="h", request_id="r", kind=kind, source=source, target=target))


def test_a_lane_nobody_foresaw_gets_its_place_at_the_end() -> None:
    hop = Hop(id="h", request_id="r", source="compute", target="quantum")
    assert (*lanes.LANES, "QUAN") == tuple(lanes.on_stage([hop]))


@pytest.mark.parametrize("kind", ["http", "sent", "taken", "state", "driver", "stream", "newer"])
def test_every_kind_has_a_story(kind: str) -> None:
    hop = Hop(id="h", request_id="r", kind=kind, source="api", target="database", name="create")
    assert {"api", "database", "create"} & set(story.tell(hop).replace(":", " ").split())


def test_what_a_disk_shows_is_no_transaction() -> None:
    hop = Hop(id="h", request_id="r", kind="state", source="object", target="disk", name="repaired")
    assert (
        story.tell(hop) == "object found this on its disks, or put it right, by itself: repaired."
    )


def test_at_80_columns_a_name_can_still_be_read() -> None:
    assert len(draw("http", "client", "api", width=80)[:80].rpartition("7 ")[2].strip()) >= 5
