"""The store: snapshots, changes, what is told and how often, how old it all is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tui.client.nouns import Hop, Image, Instance
from tui.store import Store, Topic


@dataclass
class World:
    """A clock, and the functions that wait for it."""

    now_s: float = 1000.0
    waiting: list[Callable[[], None]] = field(default_factory=list)
    told: list[frozenset[Topic]] = field(default_factory=list)

    def store(self) -> Store:
        store = Store(now_s=lambda: self.now_s, later=lambda _, call: self.waiting.append(call))
        store.subscribe(self.told.append)
        return store

    def frame(self) -> None:
        for call in self.waiting:
            call()
        self.waiting.clear()


def instance(key: str, **fields: str) -> Instance:
    return Instance(id=key, **fields)


def test_a_snapshot_is_all_there_is() -> None:
    store = World().store()
    store.put("instance", instance("a"), rev=1)
    store.replace({"instance": [instance("b")]}, rev=5)
    assert [instance("b")] == store.all(Instance)
    assert store.rev == 5


def test_a_snapshot_leaves_kinds_alone_that_it_does_not_name() -> None:
    store = World().store()
    store.put("image", Image(id="i"), rev=1)
    store.replace({"instance": []}, rev=2)
    assert [Image(id="i")] == store.all(Image)


def test_a_change_older_than_what_is_known_is_ignored() -> None:
    store = World().store()
    store.replace({"instance": [instance("a", name="new")]}, rev=9)
    store.put("instance", instance("a", name="old"), rev=8)
    store.remove("instance", "a", rev=7)
    assert store.all(Instance)[0].name == "new"


def test_a_deletion_removes_and_is_no_error_twice() -> None:
    store = World().store()
    store.put("instance", instance("a"), rev=1)
    store.remove("instance", "a", rev=2)
    store.remove("instance", "a", rev=3)
    assert store.all(Instance) == []
    assert [entry.is_gone for entry in store.journal] == [False, True]


def test_a_burst_is_told_once_with_all_its_topics() -> None:
    world = World()
    store = world.store()
    for rev in range(1, 101):
        store.put("instance", instance("a", name=str(rev)), rev=rev)
    store.add_hops([Hop(id="h", request_id="r")])
    world.frame()
    assert [frozenset({"instance", "hop"})] == world.told


def test_what_changes_after_a_frame_is_told_in_the_next() -> None:
    world = World()
    store = world.store()
    store.live()
    world.frame()
    store.lost("gone")
    world.frame()
    assert [frozenset({"link"})] * 2 == world.told


def test_a_finished_hop_takes_the_place_of_the_running_one() -> None:
    store = World().store()
    store.add_hops([Hop(id="h", request_id="r", status="running")])
    store.add_hops([Hop(id="h", request_id="r", status="ok", duration_us=5)])
    assert [hop.status for hop in store.hops("r")] == ["ok"]


def test_an_answer_that_was_under_way_does_not_set_a_finished_hop_running_again() -> None:
    store = World().store()
    store.add_hops([Hop(id="h", request_id="r", status="ok", duration_us=5)])
    store.add_hops([Hop(id="h", request_id="r", status="running")])
    assert [hop.status for hop in store.hops("r")] == ["ok"]


def test_only_the_newest_requests_keep_their_hops() -> None:
    store = World().store()
    store.add_hops(Hop(id="h", request_id=f"r{number}") for number in range(300))
    assert sum(bool(store.hops(f"r{number}")) for number in range(300)) == 200
    assert store.hops("r0") == []


def test_data_is_as_old_as_the_loss_of_the_stream() -> None:
    world = World()
    store = world.store()
    assert store.age_s() is None
    store.live()
    world.now_s += 60
    assert store.age_s() == 0.0
    store.lost("refused")
    world.now_s += 12
    store.lost("refused again")
    assert store.age_s() == 12.0
