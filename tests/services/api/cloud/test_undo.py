"""Goal G-39: what can be undone is, exactly: do, undo, compare; redo, compare; in any order."""

import random
import threading
import time

import pytest

from appliance.db import instances, journal
from appliance.model import acts
from appliance.model.journal import EntryState
from appliance.model.states import Event
from tests.services.api.cloud.undoing import ACTS, JOURNAL, Act, World
from tests.services.api.clouds import CLOUD, COMPUTE, VOLUME

# tried where their verbs are: the object store's, the queue's
ELSEWHERE = {
    "container.delete", "object.delete", "object.delete_version", "object.restore", "topic.pause",
    "topic.resume",
}  # fmt: skip
# what one comes to by an undo alone
RESTORING = {name for name in acts.ACTS if name.endswith(".restore")}
FIRST = {  # what must have been done for an act to be granted
    "instance.start": "instance.stop", "volume.detach": "volume.attach",
    "image.reactivate": "image.deactivate", "image.unshare": "image.share",
    "tags.delete": "tags.put",
}  # fmt: skip


@pytest.fixture
def world(cloud):
    return World(cloud)


def test_every_act_of_level_1_and_2_that_can_be_undone_is_tried_here() -> None:
    asked = {name for name, act in acts.ACTS.items() if act.level in (1, 2) and act.is_undoable}

    assert {act.action for act in ACTS} == asked - ELSEWHERE - RESTORING


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.action)
def test_an_act_is_undone_and_done_again(world: World, act: Act) -> None:
    chance = random.Random(act.action)
    if act.action in FIRST:
        assert world.do(_named(FIRST[act.action]), chance)
    user = "admin" if act.action in ("image.deactivate", "image.reactivate") else "demo"
    before = world.state()
    assert world.do(act, chance)
    after = world.state()
    assert after != before
    entry = world.cloud.get(f"{JOURNAL}?limit=1", user=user)["entries"][0]
    assert (entry["action"], entry["state"]) == (act.action, "done")
    url = f"{JOURNAL}/{entry['id']}"

    assert world.cloud.post(f"{url}/undo", None, user=user)["entry"]["state"] == "undone"
    world.settle()
    assert world.state() == before

    assert world.cloud.post(f"{url}/redo", None, user=user)["entry"]["state"] == "done"
    world.settle()
    if act.action != "security_group.add_rules":  # the same rule, under the id that it had
        assert world.state() == after
    world.cloud.post(f"{url}/undo", None, user=user)
    world.settle()
    assert world.state() == before


@pytest.mark.parametrize("seed", range(8))
def test_any_acts_in_any_order_are_undone_newest_first_and_redone(world: World, seed: int) -> None:
    chance = random.Random(seed)
    own = [act for act in ACTS if act.action not in ("image.deactivate", "image.reactivate")]
    states = [world.state()]
    while len(states) < 12:
        if world.do(chance.choice(own), chance) and (now := world.state()) != states[-1]:
            states.append(now)
    for before in reversed(states[:-1]):
        _until_changed(world, world.undo)
        assert world.state() == before
    for after in states[1:]:
        _until_changed(world, world.redo)
        assert world.state() == after


def _until_changed(world: World, turn) -> None:
    """An act may have changed nothing, as setting what is set: it is undone on the way."""
    before = world.state()
    while world.state() == before:
        turn()


def test_a_paused_queue_is_resumed_by_an_undo_and_paused_again_by_a_redo(world: World) -> None:
    cloud = world.cloud
    cloud.topics.ring("volume.box1", "create", world.volume)
    url = f"{CLOUD}/topics/volume.box1"

    def paused() -> bool:
        return cloud.get(url, user="admin")["topic"]["paused_until"] is not None

    cloud.post(f"{url}/pause", {"for_s": 100}, user="admin")
    undone = cloud.post(f"{JOURNAL}/newest/undo", None, user="admin")["entry"]
    assert (undone["action"], undone["name"], paused()) == ("topic.pause", "volume.box1", False)
    cloud.post(f"{JOURNAL}/newest/redo", None, user="admin")
    assert paused()
    cloud.post(f"{url}/resume", None, user="admin")
    cloud.post(f"{JOURNAL}/newest/undo", None, user="admin")
    assert paused()
    assert cloud.ask("POST", f"{JOURNAL}/{undone['id']}/undo").status_code == 404


def test_an_undo_waits_until_the_guest_has_stopped(world: World) -> None:
    cloud = world.cloud
    url = f"{COMPUTE}/servers/{world.server}/action"
    assert cloud.ask("POST", url, json={"os-stop": None}).status_code == 202

    def stop() -> None:
        time.sleep(0.3)
        cloud.advance(world.server, Event.STOPPED)
        cloud.db.close()

    guest = threading.Thread(target=stop)
    guest.start()
    entry = cloud.post(f"{JOURNAL}/newest/undo", None)["entry"]
    guest.join()

    assert entry["state"] == "undone"
    assert instances.get(cloud.db, world.server).task_state == "powering-on"


def test_an_undo_that_is_refused_leaves_the_entry_as_it_was(world: World) -> None:
    assert world.do(_named("security_group.delete_rules"), random.Random(1))
    assert world.do(_named("security_group.delete"), random.Random(1))
    rules = world.cloud.get(JOURNAL)["entries"][1]

    answer = world.cloud.ask("POST", f"{JOURNAL}/{rules['id']}/undo")

    assert answer.status_code == 404  # the group it was in is deleted too
    assert world.cloud.get(f"{JOURNAL}/{rules['id']}")["entry"]["state"] == "done"
    world.undo()
    world.undo()
    assert world.cloud.get(f"{JOURNAL}/{rules['id']}")["entry"]["state"] == "undone"


def test_what_was_done_by_another_api_is_undone_too(world: World) -> None:
    """The core keeps the journal, not its clients: a key pair that the EC2 API's verb deleted."""
    cloud = world.cloud
    cloud.ask("DELETE", f"{COMPUTE}/os-keypairs/{world.key}")
    cloud.post(f"{JOURNAL}/newest/undo", None)

    assert cloud.get(f"{COMPUTE}/os-keypairs/{world.key}")["keypair"]["name"] == world.key


def test_the_journal_says_by_which_program(world: World) -> None:
    agent = {"User-Agent": "openstacksdk/4.22.0 keystoneauth1/5.18.1"}
    world.cloud.ask("DELETE", f"{COMPUTE}/os-keypairs/{world.key}", headers=agent)
    world.cloud.ask("POST", f"{JOURNAL}/newest/undo", headers={"User-Agent": "tui (novabox)"})

    undone, deleted = world.cloud.get(JOURNAL)["entries"][:2]
    assert (undone["action"], undone["client"]) == ("journal.undo", "tui")
    assert (deleted["action"], deleted["client"]) == ("key_pair.delete", "openstack")


def test_what_was_done_to_users_projects_and_grants_is_noted_and_final(world: World) -> None:
    cloud = world.cloud
    url = "/identity/v3"
    user = cloud.post(f"{url}/users", {"user": {"name": "eve"}}, user="admin")["user"]["id"]
    made = cloud.post(f"{url}/projects", {"project": {"name": "lab"}}, user="admin")
    project = made["project"]["id"]
    role = cloud.get(f"{url}/roles?name=member", user="admin")["roles"][0]["id"]
    grant = f"{url}/projects/{project}/users/{user}/roles/{role}"
    for method, path, body in (
        ("PATCH", f"{url}/users/{user}", {"user": {"password": "secret-2"}}),
        ("PATCH", f"{url}/projects/{project}", {"project": {"description": "x"}}),
        ("PUT", grant, None), ("DELETE", grant, None), ("DELETE", f"{url}/users/{user}", None),
        ("DELETE", f"{url}/projects/{project}", None),
    ):  # fmt: skip
        assert cloud.ask(method, path, user="admin", json=body).status_code < 300

    entries = cloud.get(f"{JOURNAL}?limit=8", user="admin")["entries"]

    assert [entry["action"] for entry in entries] == [
        "project.delete", "user.delete", "grant.revoke", "grant.create", "project.update",
        "user.update", "project.create", "user.create",
    ]  # fmt: skip
    assert {entry["state"] for entry in entries} == {"final"}
    assert all(entry["reason"] for entry in entries)
    assert "secret-2" not in str(entries)


def test_a_final_act_an_expired_one_and_nothing_at_all_say_so(world: World) -> None:
    cloud = world.cloud
    cloud.post(f"{VOLUME}/volumes/{world.volume}/action", {"os-extend": {"new_size": 5}})
    extended = cloud.get(JOURNAL)["entries"][0]
    answer = cloud.ask("POST", f"{JOURNAL}/{extended['id']}/undo")
    assert (answer.status_code, extended["state"]) == (409, "final")
    assert "a volume only grows" in answer.json()["error"]["message"]

    cloud.ask("DELETE", f"{COMPUTE}/os-keypairs/{world.key}")
    deleted = cloud.get(JOURNAL)["entries"][0]
    assert cloud.ask("POST", f"{JOURNAL}/{deleted['id']}/redo").status_code == 409
    with cloud.db.transaction() as tx:
        tx.execute("UPDATE journal SET undo_until = '2001-01-01T00:00:00.000000Z'")
    assert cloud.get(f"{JOURNAL}/{deleted['id']}")["entry"]["state"] == "expired"
    assert cloud.ask("POST", f"{JOURNAL}/{deleted['id']}/undo").status_code == 410

    for word in ("undo", "redo"):
        answer = cloud.ask("POST", f"{JOURNAL}/newest/{word}", user="other")
        assert answer.status_code == 404
        assert f"nothing to {word}" in answer.json()["error"]["message"]


def test_the_journal_is_its_projects_and_only_members_undo(world: World) -> None:
    cloud = world.cloud
    assert world.do(_named("volume.delete"), random.Random(1))
    entry = cloud.get(JOURNAL)["entries"][0]

    assert (entry["user"], entry["kind"], entry["level"]) == ("demo", "volume", 2)
    assert entry["undo_until"] > entry["at"]
    assert cloud.get(JOURNAL, user="other")["entries"] == []
    assert entry in cloud.get(JOURNAL, user="admin")["entries"]
    assert cloud.ask("GET", f"{JOURNAL}/{entry['id']}", user="other").status_code == 404
    assert cloud.ask("POST", f"{JOURNAL}/{entry['id']}/undo", user="other").status_code == 404
    assert cloud.get(JOURNAL, user="watcher")["entries"] == []
    assert cloud.ask("POST", f"{JOURNAL}/newest/undo", user="watcher").status_code == 403
    assert cloud.ask("GET", f"{JOURNAL}?limit=x").status_code == 400
    assert cloud.get(f"{JOURNAL}?limit=1")["entries"] == [entry]

    done = cloud.post(f"{JOURNAL}/{entry['id']}/undo", None, user="admin")["entry"]
    assert done["state"] == "undone"
    first = journal.newest(cloud.db, cloud.project_id(), limit=1)[0]
    assert (first.user_name, first.action, first.state) == (
        "admin", "journal.undo", EntryState.FINAL,
    )  # fmt: skip


def _named(action: str) -> Act:
    return next(act for act in ACTS if act.action == action)
