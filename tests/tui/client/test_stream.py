"""The event stream: what it yields, how it comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.tui.fake_cloud import ENVIRON, FakeCloud
from tui import feed
from tui.client import credentials, decode, events, nouns, stream
from tui.client.errors import Unreadable
from tui.client.session import Session
from tui.store import Store


def collect(cloud: FakeCloud, *, until: Callable[[list[events.Event]], bool]) -> list[events.Event]:
    """Listen until the condition holds; return what came."""

    async def run() -> list[events.Event]:
        heard: list[events.Event] = []
        async with Session(credentials.find(ENVIRON), transport=cloud) as session:
            async with asyncio.timeout(20):
                async for event in stream.follow(session, kinds=("instance", "hop")):
                    heard.append(event)
                    if until(heard):
                        return heard
        return heard

    return asyncio.run(run())


def test_first_all_there_is_then_what_changes(cloud: FakeCloud) -> None:
    def until(heard: list[events.Event]) -> bool:
        if isinstance(heard[-1], events.Snapshot):
            cloud.put("instance", id="new", name="web-9")
            cloud.remove("instance", "new")
            cloud.hop(id="h", request_id="r", started_at=1, duration_us=2)
        return isinstance(heard[-1], nouns.Hop)

    connected, snapshot, put, removed, hop = collect(cloud, until=until)
    assert isinstance(connected, events.Connected)
    assert isinstance(snapshot, events.Snapshot)
    assert len(snapshot.objects["instance"]) == 5
    assert isinstance(put, events.Change)
    assert put.noun == nouns.Instance(id="new", name="web-9")
    assert isinstance(removed, events.Change)
    assert (removed.id, removed.noun) == ("new", None)
    assert hop == nouns.Hop(id="h", request_id="r", started_at=1, duration_us=2)


def test_a_broken_stream_goes_on_after_the_last_event(cloud: FakeCloud) -> None:
    def until(heard: list[events.Event]) -> bool:
        if isinstance(heard[-1], events.Snapshot):
            cloud.put("instance", id="new")
        elif isinstance(heard[-1], events.Change):
            cloud.break_streams()
        return len([event for event in heard if isinstance(event, events.Connected)]) == 2

    heard = collect(cloud, until=until)
    assert any(isinstance(event, events.Lost) for event in heard)
    assert cloud.resumed_after == [str(cloud.rev)]


def test_a_cloud_that_is_down_is_found_again(cloud: FakeCloud) -> None:
    cloud.is_down = True

    def until(heard: list[events.Event]) -> bool:
        if len(heard) == 2:
            cloud.is_down = False
        return isinstance(heard[-1], events.Snapshot)

    heard = collect(cloud, until=until)
    assert isinstance(heard[0], events.Lost)
    assert heard[0].retry_s < heard[1].retry_s if isinstance(heard[1], events.Lost) else False


def test_an_expired_token_does_not_end_the_stream_for_good(cloud: FakeCloud) -> None:
    def until(heard: list[events.Event]) -> bool:
        if isinstance(heard[-1], events.Snapshot):
            cloud.valid_tokens.clear()
            cloud.break_streams()
        return len([event for event in heard if isinstance(event, events.Connected)]) == 2

    collect(cloud, until=until)
    assert cloud.logins == 2


def test_events_and_kinds_of_a_newer_server_are_passed_over() -> None:
    assert list(decode.event("weather", "{}")) == []
    change = '{"rev": 1, "kind": "comet", "id": "v", "op": "upsert", "object": {"id": "v"}}'
    assert list(decode.event("change", change)) == []
    snapshot = '{"rev": 1, "objects": {"comet": [{"id": "v"}], "instance": [{"id": "i", "x": 1}]}}'
    assert list(decode.event("snapshot", snapshot)) == [
        events.Snapshot(rev=1, objects={"instance": [nouns.Instance(id="i")]})
    ]


def test_garbage_is_unreadable_and_says_which_event() -> None:
    with pytest.raises(Unreadable, match="event change"):
        list(decode.event("change", '{"rev": "many"}'))


def test_every_event_reaches_the_store() -> None:
    store = Store(now_s=lambda: 0.0, later=lambda _, __: None)
    one, two = nouns.Instance(id="a"), nouns.Instance(id="b")
    for event in (
        events.Connected(),
        events.Snapshot(rev=1, objects={"instance": [one]}),
        events.Change(rev=2, kind="instance", id="b", noun=two),
        events.Change(rev=3, kind="instance", id="a", noun=None),
        nouns.Hop(id="h", request_id="r"),
        events.Lost(reason="cut", retry_s=1.0),
    ):
        feed.apply(event, store)
    assert [two] == store.all(nouns.Instance)
    assert [hop.id for hop in store.hops("r")] == ["h"]
    assert (store.link.state, store.link.reason) == ("lost", "cut")
