"""The event stream: a snapshot, then every change, to whom it concerns; resumed, cut, ended."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from appliance import bell, context, trace
from appliance.db import fixed_ips, ports, roles, subnets, users
from appliance.model.states import Event
from appliance.model.volume_states import VolumeEvent
from services.api.cloud import listener
from services.api.cloud.listener import Wanted
from services.api.events import Events

DEADLINE_S = 20.0


@pytest.fixture
def events(cloud):
    """The stream's middle, following."""
    cloud.db._ringer = bell.Ringer(cloud.settings.run_dir)
    cloud.api.events.start()
    yield cloud.api.events
    cloud.api.events.close()


def _caller(cloud, user: str, *roles: str) -> context.RequestContext:
    return context.RequestContext(project_id=cloud.project_id(user), roles=frozenset(roles))


class Stream:
    """One client's stream, read event by event."""

    def __init__(self, events: Events, ctx: context.RequestContext, wanted: Wanted) -> None:
        self._source: AsyncGenerator[bytes, None] = events.follow(ctx, wanted)
        self._buffer = ""

    async def next(self) -> tuple[str, Any]:
        """Name and data of the next event; comments are skipped."""
        while "\n\n" not in self._buffer:
            async with asyncio.timeout(DEADLINE_S):
                self._buffer += (await anext(self._source)).decode()
        text, _, self._buffer = self._buffer.partition("\n\n")
        fields = dict(line.split(": ", 1) for line in text.splitlines() if line[0] != ":")
        return (fields["event"], json.loads(fields["data"])) if fields else await self.next()

    async def until(self, matches: Callable[[str, Any], bool]) -> Any:
        """The data of the next event that matches."""
        while True:
            name, data = await self.next()
            if matches(name, data):
                return data

    async def close(self) -> None:
        await self._source.aclose()


def _run(scenario: Awaitable[None]) -> None:
    async def main() -> None:
        await scenario

    asyncio.run(main())


def test_a_stream_begins_with_what_its_listener_may_see(cloud, events):
    cloud.add_host()
    image = cloud.add_image()
    mine = cloud.run(imageRef=image)["id"]
    cloud.run(imageRef=image, user="other")

    async def scenario() -> None:
        stream = Stream(events, _caller(cloud, "demo", "member"), Wanted())
        name, data = await stream.next()
        await stream.close()
        objects = data["objects"]
        assert name == "snapshot"
        assert [one["id"] for one in objects["instance"]] == [mine]
        assert [one["name"] for one in objects["image"]] == ["tiny"]
        assert [(one["name"], one["ports"]) for one in objects["network"]] == [("demo-net", 2)]
        assert {one["name"] for one in objects["flavor"]} >= {"m1.tiny"}
        assert [one["name"] for one in objects["host"]] == ["box1"]
        assert {one["topic"] for one in objects["service"]} == {"compute.box1", "network.box1"}
        assert [(one["name"], one["depth"]) for one in objects["topic"]] == [("scheduler", 2)]

    _run(scenario())


def test_an_instance_is_told_with_its_flavor_image_and_state(cloud, events):
    image = cloud.add_image()

    async def scenario() -> None:
        stream = Stream(
            events, _caller(cloud, "demo", "member"), Wanted(kinds=frozenset({"instance"}))
        )
        await stream.next()
        key = await asyncio.to_thread(lambda: cloud.run(imageRef=image)["id"])
        made = await stream.until(lambda _, data: data["op"] == "upsert")
        await asyncio.to_thread(cloud.advance, key, Event.SCHEDULED, host="box1")
        placed = await stream.until(lambda _, data: data["object"]["host"] is not None)
        await asyncio.to_thread(lambda: cloud.advance(key, Event.DELETE, Event.DESTROYED))
        gone = await stream.until(lambda _, data: data["op"] == "delete")
        await stream.close()
        assert made["object"]["image"] == {"id": image, "name": "tiny"}
        assert made["object"]["flavor"] == {
            "name": "m1.tiny", "vcpus": 1, "memory_mib": 512, "disk_gib": 1,
        }  # fmt: skip
        assert (placed["object"]["status"], placed["object"]["task_state"]) == (
            "BUILD",
            "networking",
        )
        assert (gone["kind"], gone["id"]) == ("instance", key)
        assert made["rev"] < placed["rev"] < gone["rev"]

    _run(scenario())


def test_a_volume_is_told_to_its_project_until_it_is_gone(cloud, events):
    async def scenario() -> None:
        kinds = Wanted(kinds=frozenset({"volume", "snapshot"}))
        owner = Stream(events, _caller(cloud, "demo", "member"), kinds)
        other = Stream(events, _caller(cloud, "other", "member"), kinds)
        await owner.next()
        await other.next()
        key = await asyncio.to_thread(lambda: cloud.add_volume(name="data")["id"])
        made = await owner.until(lambda _, data: data["object"]["status"] == "available")
        await asyncio.to_thread(cloud.add_snapshot, key)
        taken = await owner.until(lambda _, data: data["kind"] == "snapshot")
        await asyncio.to_thread(cloud.change_volume, key, VolumeEvent.DELETE, VolumeEvent.DELETED)
        gone = await owner.until(lambda _, data: data["op"] == "delete")
        await asyncio.to_thread(lambda: cloud.add_volume(name="own", user="other"))
        heard = await other.until(lambda _, data: True)
        await owner.close()
        await other.close()
        assert (made["object"]["name"], made["object"]["size_gib"]) == ("data", 1)
        assert taken["object"]["volume_id"] == key
        assert (gone["kind"], gone["id"]) == ("volume", key)
        assert heard["object"]["name"] == "own"

    _run(scenario())


def test_a_tenant_hears_nothing_of_others(cloud, events):
    image = cloud.add_image()

    async def scenario() -> None:
        wanted = Wanted(kinds=frozenset({"instance", "hop"}))
        theirs = Stream(events, _caller(cloud, "other", "member"), wanted)
        admins = Stream(events, _caller(cloud, "admin", "admin"), wanted)
        await theirs.next()
        await admins.next()
        first = await asyncio.to_thread(lambda: cloud.run(imageRef=image)["id"])
        await asyncio.to_thread(cloud.ask, "DELETE", f"/compute/v2.1/servers/{first}")
        own = await asyncio.to_thread(lambda: cloud.run(imageRef=image, user="other")["id"])
        heard = await theirs.next()
        by_admin = await admins.next()
        await theirs.close()
        await admins.close()
        assert heard[1]["id"] == own
        assert by_admin[1]["id"] == first

    _run(scenario())


def test_a_port_is_told_with_its_address_groups_and_tap(cloud, events):
    image = cloud.add_image()

    async def scenario() -> None:
        kinds = Wanted(kinds=frozenset({"port"}))
        owner = Stream(events, _caller(cloud, "demo", "member"), kinds)
        other = Stream(events, _caller(cloud, "other", "member"), kinds)
        await owner.next()
        await other.next()
        key = await asyncio.to_thread(lambda: cloud.run(imageRef=image)["id"])
        made = await owner.until(lambda _, data: data["object"]["security_group_ids"] != [])
        await asyncio.to_thread(_give_address, cloud, made["id"])
        wired = await owner.until(lambda _, data: data["object"]["addresses"] != [])
        await asyncio.to_thread(_delete_port, cloud, made["id"])
        gone = await owner.until(lambda _, data: data["op"] == "delete")
        await asyncio.to_thread(lambda: cloud.run(imageRef=image, user="other"))
        heard = await other.until(lambda _, data: True)
        await owner.close()
        await other.close()
        assert made["object"]["instance_id"] == key
        assert made["object"]["tap"] == f"nbx-t-{made['id'][:8]}"
        assert wired["object"]["addresses"] == ["10.78.0.2"]
        assert gone["id"] == made["id"]
        assert heard["object"]["project_id"] == cloud.project_id("other")

    _run(scenario())


def _give_address(cloud, port_id: str) -> None:
    with cloud.db.transaction() as tx:
        subnet = subnets.of_network(tx, ports.get(tx, port_id).network_id)[0]
        fixed_ips.allocate(tx, subnet, port_id)


def _delete_port(cloud, port_id: str) -> None:
    with cloud.db.transaction() as tx:
        ports.delete(tx, port_id)


def test_a_security_group_is_told_with_its_rules(cloud, events):
    async def scenario() -> None:
        kinds = Wanted(kinds=frozenset({"security_group"}))
        stream = Stream(events, _caller(cloud, "demo", "member"), kinds)
        await stream.next()
        body = {"security_group": {"name": "web"}}
        group = await asyncio.to_thread(
            lambda: cloud.post("/network/v2.0/security-groups", body)["security_group"]
        )
        rule = {
            "security_group_id": group["id"], "direction": "ingress", "protocol": "tcp",
            "port_range_min": 80, "port_range_max": 80,
        }  # fmt: skip
        await asyncio.to_thread(
            cloud.post, "/network/v2.0/security-group-rules", {"security_group_rule": rule}
        )
        told = await stream.until(lambda _, data: len(data["object"]["rules"]) == 3)
        await asyncio.to_thread(cloud.ask, "DELETE", f"/network/v2.0/security-groups/{group['id']}")
        gone = await stream.until(lambda _, data: data["op"] == "delete")
        await stream.close()
        assert (told["object"]["name"], told["object"]["ports"]) == ("web", 0)
        assert [
            (one["direction"], one["protocol"], one["port_min"]) for one in told["object"]["rules"]
        ] == [("egress", None, None), ("egress", None, None), ("ingress", "tcp", 80)]
        assert gone["id"] == group["id"]

    _run(scenario())


def test_a_key_pair_is_told_to_its_user_alone(cloud, events):
    async def scenario() -> None:
        kinds = Wanted(kinds=frozenset({"key_pair"}))
        user_id = _user_id(cloud, "demo")
        owner = Stream(events, replace(_caller(cloud, "demo", "member"), user_id=user_id), kinds)
        colleague = Stream(events, _caller(cloud, "demo", "member"), kinds)
        for stream in (owner, colleague):
            await stream.next()
        body = {"keypair": {"name": "k"}}
        made = await asyncio.to_thread(lambda: cloud.post("/compute/v2.1/os-keypairs", body))
        told = await owner.next()
        await asyncio.to_thread(cloud.ask, "DELETE", "/compute/v2.1/os-keypairs/k")
        gone = await owner.next()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await colleague.next()
        await owner.close()
        assert told[1]["object"]["fingerprint"] == made["keypair"]["fingerprint"]
        assert made["keypair"]["private_key"] not in json.dumps(told)
        assert (gone[1]["op"], gone[1]["id"]) == ("delete", f"{user_id}/k")

    _run(scenario())


def _user_id(cloud, name: str) -> str:
    return next(user.id for user in users.listed(cloud.db) if user.name == name)


def test_users_and_projects_are_told_to_administrators_alone(cloud, events):
    async def scenario() -> None:
        kinds = Wanted(kinds=frozenset({"user", "project", "network"}))
        admin = Stream(events, _caller(cloud, "admin", "admin"), kinds)
        theirs = Stream(events, _caller(cloud, "demo", "member"), kinds)
        _, first = await admin.next()
        _, hidden = await theirs.next()
        body = {"user": {"name": "eve", "password": "s3cret-word"}}
        made = await asyncio.to_thread(lambda: cloud.post("/identity/v3/users", body, user="admin"))
        key = made["user"]["id"]
        told = await admin.next()
        await asyncio.to_thread(_grant, cloud, key)
        granted = await admin.next()
        await asyncio.to_thread(cloud.ask, "DELETE", f"/identity/v3/users/{key}", user="admin")
        gone = await admin.until(lambda _, data: data["op"] == "delete")
        network = {"network": {"name": "lab"}}
        await asyncio.to_thread(lambda: cloud.post("/network/v2.0/networks", network))
        heard = await theirs.next()
        await admin.close()
        await theirs.close()
        assert {one["name"] for one in first["objects"]["user"]} >= {"admin", "demo", "other"}
        assert {one["name"] for one in first["objects"]["project"]} >= {"admin", "demo"}
        assert "password_hash" not in json.dumps(first)
        assert "$" not in json.dumps(first)  # as every hash of a password has
        assert (hidden["objects"]["user"], hidden["objects"]["project"]) == ([], [])
        assert told[1]["object"]["has_password"]
        assert granted[1]["object"]["roles"] == [
            {"role": "reader", "project_id": cloud.project_id("demo"), "project": "demo"}
        ]
        assert gone["id"] == key
        assert heard[1]["kind"] == "network"

    _run(scenario())


def _grant(cloud, user_id: str) -> None:
    role_id = next(role.id for role in roles.listed(cloud.db) if role.name == "reader")
    path = f"/identity/v3/projects/{cloud.project_id('demo')}/users/{user_id}/roles/{role_id}"
    assert cloud.ask("PUT", path, user="admin").status_code == 204


def test_a_stream_is_resumed_after_the_last_revision(cloud, events):
    image = cloud.add_image()
    first = cloud.run(imageRef=image)["id"]

    async def scenario() -> None:
        ctx, kinds = _caller(cloud, "demo", "member"), frozenset({"instance"})
        stream = Stream(events, ctx, Wanted(kinds=kinds))
        _, snapshot = await stream.next()
        await stream.close()
        second = await asyncio.to_thread(lambda: cloud.run(imageRef=image)["id"])
        await asyncio.to_thread(cloud.ask, "DELETE", f"/compute/v2.1/servers/{first}")
        again = Stream(events, ctx, Wanted(kinds=kinds, since=snapshot["rev"]))
        told = [await again.next() for _ in range(2)]
        await again.close()
        assert {(data["op"], data["id"]) for _, data in told} == {
            ("upsert", second), ("delete", first),
        }  # fmt: skip

    _run(scenario())


@pytest.mark.parametrize("since", [0, 10_000_000])
def test_a_revision_that_is_not_known_gets_a_snapshot(cloud, events, since):
    with cloud.db.transaction() as tx:
        tx.execute("DELETE FROM changes WHERE revision < 3")

    async def scenario() -> None:
        stream = Stream(events, _caller(cloud, "demo", "member"), Wanted(since=since))
        name, _ = await stream.next()
        await stream.close()
        assert name == "snapshot"

    _run(scenario())


def test_hops_go_to_their_project_and_to_who_knows_the_request(cloud, events):
    trace.start(cloud.settings.home, "api", hops_max=1000)
    request = context.RequestContext(project_id=cloud.project_id("demo"))

    def work() -> None:
        token = context.current.set(request)
        with trace.hop("driver", "define", target="libvirt"):
            pass
        context.current.reset(token)
        trace.flush()

    async def scenario() -> None:
        kinds = frozenset({"hop"})
        own = Stream(events, _caller(cloud, "demo", "member"), Wanted(kinds=kinds))
        knows = Stream(
            events, _caller(cloud, "other", "member"),
            Wanted(kinds=kinds, request_id=request.request_id),
        )  # fmt: skip
        await own.next()
        await knows.next()
        await asyncio.to_thread(work)
        for stream in (own, knows):
            hop = await stream.until(lambda name, data: data.get("status") == "ok")
            assert (hop["request_id"], hop["name"]) == (request.request_id, "define")
            assert "project_id" not in hop
            await stream.close()

    _run(scenario())


def test_a_topic_that_fills_is_told(cloud, events):
    trace.start(cloud.settings.home, "api", hops_max=1000)

    def ring() -> None:
        token = context.current.set(context.RequestContext())
        cloud.topics.ring("scheduler", "select_host", "i1")
        context.current.reset(token)

    async def scenario() -> None:
        stream = Stream(
            events, _caller(cloud, "demo", "member"), Wanted(kinds=frozenset({"topic"}))
        )
        await stream.next()
        await asyncio.to_thread(ring)
        change = await stream.until(lambda _, data: data["kind"] == "topic")
        await stream.close()
        assert (change["id"], change["object"]["depth"]) == ("scheduler", 1)

    _run(scenario())


def test_a_pause_is_told_at_once_and_not_at_the_next_tick(cloud, events):
    context.current.set(None)
    cloud.topics.ring("scheduler", "select_host", "i1")

    def pause() -> None:
        cloud.post("/novabox/v1/topics/scheduler/pause", {"for_s": 60}, user="admin")

    async def scenario() -> None:
        stream = Stream(
            events, _caller(cloud, "demo", "member"), Wanted(kinds=frozenset({"topic"}))
        )
        await stream.next()
        await asyncio.to_thread(pause)
        start_s = time.monotonic()
        change = await stream.until(lambda _, data: data["object"]["is_paused"])
        await stream.close()
        assert change["object"]["paused_by"] == "admin"
        assert time.monotonic() - start_s < 3.0, "the next tick may be 5 s away"

    _run(scenario())


def test_a_listener_that_reads_nothing_is_cut(cloud):
    async def scenario() -> None:
        slow = listener.Listener(context.RequestContext(), Wanted())
        for _ in range(listener.WAITING_MAX + 1):
            slow.tell(listener.Item(data=b"x"))
        await asyncio.sleep(0)
        assert await slow.next() is None

    _run(scenario())


def test_streams_end_when_the_process_stops(cloud, events):
    async def scenario() -> None:
        source = events.follow(_caller(cloud, "demo", "member"), Wanted())
        await anext(source)
        events.close()
        with pytest.raises(StopAsyncIteration):
            async with asyncio.timeout(DEADLINE_S):
                await anext(source)

    _run(scenario())


def test_the_log_of_changes_is_followed_by_index(cloud):
    plan = cloud.db.rows(
        "EXPLAIN QUERY PLAN SELECT max(revision) FROM changes WHERE revision > ? "
        "GROUP BY kind, object_id",
        (1,),
    )

    assert "USING INTEGER PRIMARY KEY" in plan[0]["detail"]
