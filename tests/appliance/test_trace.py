import contextlib
import logging
import random
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from appliance import context, ids, trace


@pytest.fixture
def traced(home: Path, request_context: context.RequestContext) -> trace.Log:
    trace.start(home, "test", hops_max=1000)
    return trace.Log(home)


def test_hops_nest_by_parent_links(
    traced: trace.Log, request_context: context.RequestContext
) -> None:
    with trace.hop("http", "POST /servers", target="api"):
        trace.event("state", "scheduled", target="database")
        with trace.hop("sent", "select_host", target="scheduler"):
            pass
    trace.flush()
    first, second, third = traced.request(request_context.request_id)

    assert [hop.name for hop in (first, second, third)] == [
        "POST /servers", "scheduled", "select_host",
    ]  # fmt: skip
    assert [second.parent_id, third.parent_id] == [first.id, first.id]
    assert trace.orphans([first, second, third]) == []


def test_an_exception_marks_the_hop_and_goes_on(
    traced: trace.Log, request_context: context.RequestContext
) -> None:
    with pytest.raises(ValueError, match="no"), trace.hop("driver", "define", target="libvirt"):
        raise ValueError("no")
    trace.flush()
    (hop,) = traced.request(request_context.request_id)

    assert (hop.status, hop.detail["error"]) == ("error", "ValueError: no")


def test_outside_a_request_nothing_is_recorded(home: Path) -> None:
    trace.start(home, "test", hops_max=1000)
    with trace.hop("driver", "sync", target="libvirt"):
        pass
    trace.flush()

    assert trace.Log(home).requests(limit=10) == []


def test_followers_see_the_start_and_the_end_of_a_long_hop(traced: trace.Log) -> None:
    with trace.hop("stream", "download", target="glance") as span:
        trace.flush()
        seq, hop = traced.after(0, limit=10)[-1]
        assert hop.status == "running"
        span.bytes = 42
    trace.flush()

    assert [hop.bytes for _, hop in traced.after(seq, limit=10)] == [42]


def test_order_comes_from_links_not_clocks() -> None:
    def hop(name: str, parent: str | None, at: int) -> trace.Hop:
        return trace.Hop(
            id=name, request_id="r", parent_id=parent, kind="state", source="s", target="t",
            name=name, status="ok", started_at=at,
        )  # fmt: skip

    hops = [hop("a", None, 50), hop("b", "a", 10), hop("c", "b", 5), hop("d", "a", 20)]
    random.shuffle(hops)

    assert [one.name for one in trace.causal_order(hops)] == ["a", "b", "c", "d"]


def test_old_hops_go_first(home: Path, request_context: context.RequestContext) -> None:
    trace.start(home, "test", hops_max=100)
    for _ in range(5):
        for _ in range(500):
            trace.event("state", "x", target="database")
        trace.flush()

    assert len(trace.Log(home).request(request_context.request_id)) < 2500


def test_requests_are_listed_newest_first_with_their_worst_status(traced: trace.Log) -> None:
    for name in ("one", "two"):
        token = context.current.set(context.RequestContext())
        with trace.hop("http", name, target="api") as span:
            if name == "two":
                span.fail("404")
        context.current.reset(token)
        trace.flush()

    listed = [(one["name"], one["status"]) for one in traced.requests(limit=5)]
    assert listed == [("two", "error"), ("one", "ok")]


def test_requests_are_listed_past_one_of_many_hops_and_by_project(traced: trace.Log) -> None:
    for name, project, hops in (("mine", "p", 1), ("theirs", "q", 1), ("long", "p", 100)):
        token = context.current.set(context.RequestContext(project_id=ids.ProjectId(project)))
        for _ in range(hops):
            trace.event("state", name, target="database")
        context.current.reset(token)
    trace.flush()

    def listed(**asked: Any) -> list[tuple[str, int]]:
        return [(one["name"], one["hops"]) for one in traced.requests(**asked)]

    assert listed(limit=2) == [("long", 100), ("theirs", 1)]
    assert listed(limit=3) == [("long", 100), ("theirs", 1), ("mine", 1)]
    assert listed(limit=9, project_id="p") == [("long", 100), ("mine", 1)]
    assert listed(limit=1, project_id="r") == []


def test_hops_of_another_schema_make_room(
    home: Path, request_context: context.RequestContext
) -> None:
    with contextlib.closing(sqlite3.connect(home / "trace.db")) as db:
        db.execute("CREATE TABLE hops (seq INTEGER PRIMARY KEY, what TEXT NOT NULL)")
    trace.start(home, "test", hops_max=1000)
    trace.event("state", "spawned", target="database")
    trace.flush()

    (hop,) = trace.Log(home).request(request_context.request_id)
    assert hop.name == "spawned"


def test_hops_of_this_schema_stay(
    traced: trace.Log, home: Path, request_context: context.RequestContext
) -> None:
    trace.event("state", "spawned", target="database")
    trace.flush()
    trace.create(home)

    assert len(traced.request(request_context.request_id)) == 1


def test_hops_that_cannot_be_written_are_told_once(
    traced: trace.Log,
    home: Path,
    caplog: pytest.LogCaptureFixture,
    request_context: context.RequestContext,
) -> None:
    with contextlib.closing(sqlite3.connect(home / "trace.db")) as db:
        db.execute("ALTER TABLE hops RENAME TO away")
        with caplog.at_level(logging.ERROR):
            for _ in range(2):
                trace.event("state", "lost", target="database")
                trace.flush()
        db.execute("ALTER TABLE away RENAME TO hops")
    trace.event("state", "kept", target="database")
    trace.flush()

    assert ["trace.db: hops are lost" in text for text in caplog.messages] == [True]
    assert [hop.name for hop in traced.request(request_context.request_id)] == ["kept"]


def test_a_header_takes_the_trace_along(request_context: context.RequestContext) -> None:
    assert trace.header() == {}

    token = context.current.set(request_context.under(ids.HopId("0123456789abcdef")))
    header = trace.header()
    context.current.reset(token)

    assert header == {trace.HEADER: f"{request_context.request_id}/0123456789abcdef"}


def test_followers_see_how_far_a_stream_has_come(
    traced: trace.Log, request_context: context.RequestContext
) -> None:
    with trace.hop("stream", "image", target="glance") as span:
        deadline = time.monotonic() + 10
        seen: list[trace.Hop] = []
        while not any(hop.bytes for hop in seen) and time.monotonic() < deadline:
            span.moved(10, total_bytes=10_000_000)
            trace.flush()
            seen = traced.request(request_context.request_id)
        assert [hop.status for hop in seen] == ["running"]
        assert seen[0].detail["total_bytes"] == 10_000_000
        assert (seen[0].bytes or 0) % 10 == 0
    trace.flush()

    assert [hop.bytes for hop in traced.request(request_context.request_id)] == [span.bytes]
