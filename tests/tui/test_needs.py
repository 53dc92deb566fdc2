"""What needs somebody: each with the key that helps, failures first, nothing where all is well."""

from __future__ import annotations

from typing import Any

from tui import needs
from tui.client import nouns
from tui.client.nouns.planning import Capacity, Forecast, ProjectQuota, Used
from tui.needs import Need
from tui.store import Store

DAY_S = 86_400.0


def store(**kinds: Any) -> Store:
    """A store of these, and a link that lives."""
    made = Store(now_s=lambda: 0.0, later=lambda _, __: None)
    made.live()
    made.replace(kinds, rev=1)
    return made


def rows(found: list[Need]) -> list[tuple[str, str, str]]:
    return [(need.meaning, need.text, need.key) for need in found]


def test_a_cloud_that_is_well_needs_nobody() -> None:
    well = store(
        instance=[nouns.Instance(id="i", vm_state="active")],
        host=[nouns.Host(name="box1", is_up=True)],
        service=[nouns.Service(name="api", state="up")],
        topic=[nouns.Topic(name="scheduler", depth=3)],
        volume=[nouns.Volume(id="v", status="available")],
    )
    assert needs.of(well, Capacity(), project="demo") == []


def test_failures_come_first_and_each_names_its_key() -> None:
    ill = store(
        topic=[nouns.Topic(name="scheduler", depth=3, is_paused=True)],
        instance=[nouns.Instance(id="i", name="web", vm_state="error", fault="no room")],
        volume=[nouns.Volume(id="v", name="data", status="error", reason="pool is full")],
        host=[nouns.Host(name="box1", is_up=False)],
        service=[nouns.Service(name="compute", topic="compute.box1", state="down")],
    )
    assert rows(needs.of(ill, None, project="demo")) == [
        ("failed", "web: no room", "w why"),
        ("failed", "volume data: pool is full", "w why"),
        ("failed", "host box1 is down", "8 capacity"),
        ("failed", "service compute is down", "7 services"),
        ("attention", "queue scheduler is paused, 3 waiting", "7 services"),
    ]


def test_a_service_that_is_up_says_what_troubles_it() -> None:
    lost = "device /mnt/b is lost: mount it"
    ill = store(
        service=[
            nouns.Service(name="object", state="up", trouble=lost),
            nouns.Service(name="api", state="down", trouble="of before it went down"),
        ]
    )
    assert rows(needs.of(ill, None, project="demo")) == [
        ("failed", "service api is down", "7 services"),
        ("attention", f"service object: {lost}", "7 services"),
    ]


def test_every_row_leads_somewhere() -> None:
    ill = store(
        instance=[nouns.Instance(id="i", name="web", vm_state="error")],
        service=[nouns.Service(name="compute", topic="compute.box1", state="down")],
    )
    ill.lost("connection refused")
    found = needs.of(ill, None, project="demo")

    assert [need.does for need in found] == [
        "app.reconnect", "app.reconnect", "app.open('instances', 'i')", "app.open('services')",
    ]  # fmt: skip
    assert [need.target.id if need.target else None for need in found] == [
        None, None, "i", "compute.box1",
    ]  # fmt: skip


def test_ones_own_limits_are_told_when_little_is_left() -> None:
    def quota(project: str, *used: Used) -> ProjectQuota:
        return ProjectQuota(project_id=project, project=project, resources=used)

    found = Capacity(quotas=(
        quota("demo", Used(resource="instances", used=8, limit=10),
              Used(resource="cores", used=20, limit=20), Used(resource="ram", used=7, limit=10),
              Used(resource="security_group", used=9, limit=-1),
              Used(resource="volumes", used=0, limit=0)),
        quota("lab", Used(resource="instances", used=10, limit=10)),
    ))  # fmt: skip

    assert rows(needs.of(store(), found, project="demo")) == [
        ("attention", "quota of instances is nearly used up: 8 of 10", "8 capacity"),
        ("attention", "quota of cores is used up: 20 of 20", "8 capacity"),
    ]


def test_what_is_full_within_two_weeks_is_told() -> None:
    def foretold(full_in_s: float) -> list[tuple[str, str, str]]:
        line = Forecast(resource="memory_mib", per_day=1, full_in_s=full_in_s, fit=0.9)
        return rows(needs.of(store(), Capacity(forecasts=(line,)), project="demo"))

    assert foretold(9 * DAY_S) == [
        ("attention", "all RAM in 9d, at this rate, is given away", "8 capacity")
    ]
    assert foretold(0) == [("attention", "all RAM is given away", "8 capacity")]
    assert foretold(20 * DAY_S) == []
