"""A cloud with one of everything, and every act of a user on it that can be undone."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from httpx2 import Response

from appliance.db import ec2_ids, image_members, instances, volumes
from appliance.model.states import Event, TaskState
from appliance.model.volume_states import VolumeEvent, VolumeState, VolumeStatus
from tests.services.api.clouds import CLOUD, COMPUTE, NETWORK, VOLUME, Cloud
from tests.services.api.ec2 import raw

JOURNAL: Final = f"{CLOUD}/journal"
PATCH: Final = {"Content-Type": "application/openstack-images-v2.1-json-patch"}

# what says when, by which request or in which order something was done, and not what there is
_VOLATILE: Final = frozenset({
    "updated_at", "request_id", "hop_id", "attachment_id", "attached_at", "claim_owner",
    "claim_expires_at", "attempts", "reason", "target",
})  # fmt: skip
_TABLES: Final = (
    "instances", "instance_metadata", "volumes", "volume_metadata", "snapshots",
    "snapshot_metadata", "images", "image_properties", "image_tags", "image_members", "key_pairs",
    "security_groups", "security_group_rules", "networks", "subnets", "ports",
    "port_security_groups", "ec2_ids", "ec2_tags",
)  # fmt: skip
_DONE: Final = {
    TaskState.POWERING_OFF: Event.STOPPED,
    TaskState.POWERING_ON: Event.STARTED,
}
_GONE: Final = VolumeState(VolumeStatus.DETACHING)


@dataclass(frozen=True, slots=True)
class Act:
    """One act on the world: the request that does it, drawn anew each time."""

    action: str
    ask: Callable[["World", random.Random], Response]


class World:
    """A demo user's things."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        cloud.add_host()
        self.image = cloud.add_image(
            project_id=cloud.project_id(), visibility="shared", tags=("a",), properties={"os": "x"}
        )
        self.server = cloud.run()["id"]
        cloud.advance(self.server, Event.SCHEDULED, host="box1")
        cloud.advance(self.server, Event.WIRED, Event.SPAWNED)
        self.volume = cloud.add_volume(name="data", metadata={"a": "b"})["id"]
        self.origin = cloud.add_volume(name="origin")["id"]
        self.snapshot = cloud.add_snapshot(self.origin, name="snap")["id"]
        self.ec2_id = ec2_ids.of(cloud.db, "i", self.server)
        self.key = "mine"
        cloud.post(f"{COMPUTE}/os-keypairs", {"keypair": {"name": self.key}})
        self.group = self._made("security-group", {"name": "web"})["id"]
        self.friend = self._made("security-group", {"name": "db"})["id"]
        self.rule = self._rule(self.group, 22)
        self._made(
            "security-group-rule",
            {
                "security_group_id": self.friend, "direction": "ingress", "protocol": "tcp",
                "remote_group_id": self.group,
            },
        )  # fmt: skip
        self.network = self._made("network", {"name": "net"})["id"]
        body = {"network_id": self.network, "cidr": "10.9.0.0/24", "ip_version": 4}
        self.subnet = self._made("subnet", body)["id"]
        self.other_network = self._made("network", {"name": "with-port"})["id"]
        self.port = self._made("port", {"network_id": self.other_network})["id"]

    def _made(self, noun: str, body: Mapping[str, Any]) -> Any:
        key = noun.replace("-", "_")
        return self.cloud.post(f"{NETWORK}/{noun}s", {key: body})[key]

    def _rule(self, group: str, port: int) -> str:
        body = {
            "security_group_id": group, "direction": "ingress", "protocol": "tcp",
            "port_range_min": port, "port_range_max": port,
        }  # fmt: skip
        made: str = self._made("security-group-rule", body)["id"]
        return made

    def do(self, act: Act, chance: random.Random) -> bool:
        """Do it, and what workers then do; whether it was granted."""
        answer = act.ask(self, chance)
        assert answer.status_code < 500, answer.text
        self.settle()
        return answer.status_code < 400

    def undo(self) -> Any:
        """Undo the newest; its entry."""
        entry = self.cloud.post(f"{JOURNAL}/newest/undo", None)["entry"]
        self.settle()
        return entry

    def redo(self) -> Any:
        """Redo what was undone last; its entry."""
        entry = self.cloud.post(f"{JOURNAL}/newest/redo", None)["entry"]
        self.settle()
        return entry

    def settle(self) -> None:
        """What the workers would do."""
        cloud = self.cloud
        instance = instances.get(cloud.db, self.server)
        if instance.task_state in _DONE:
            cloud.advance(self.server, _DONE[instance.task_state])
        for key in (self.volume, self.origin):
            volume = volumes.get(cloud.db, key)
            if volume.status is VolumeStatus.RESERVED:
                cloud.change_volume(key, VolumeEvent.EXPORTED, VolumeEvent.ATTACHED)
            if volume.status is VolumeStatus.DETACHING:
                cloud.change_volume(key, VolumeEvent.UNPLUGGED)
                cloud.change_volume(key, VolumeEvent.WITHDRAWN, **volumes.NOT_ATTACHED)

    def state(self) -> dict[str, list[tuple[object, ...]]]:
        """Everything there is that is not deleted, without what is about time."""
        found: dict[str, list[tuple[object, ...]]] = {}
        for table in _TABLES:
            rows = [dict(row) for row in self.cloud.db.rows(f"SELECT * FROM {table}")]
            found[table] = sorted(
                (
                    tuple(value for name, value in row.items() if name not in _VOLATILE)
                    for row in rows
                    if not row.get("deleted_at")
                ),
                key=repr,
            )
        return found


def _server(action: str) -> Callable[[World, random.Random], Response]:
    return lambda world, _: world.cloud.ask(
        "POST", f"{COMPUTE}/servers/{world.server}/action", json={action: None}
    )


def _put(path: str, body: Callable[[World, str], Any], method: str = "PUT") -> Any:
    """A request with a body that has a new word in it."""

    def ask(world: World, chance: random.Random) -> Response:
        word = f"w{chance.randrange(1000)}"
        return world.cloud.ask(method, path.format(world=world), json=body(world, word))

    return ask


def _delete(path: str) -> Callable[[World, random.Random], Response]:
    return lambda world, _: world.cloud.ask("DELETE", path.format(world=world))


def _attachment(world: World) -> str:
    return f"{COMPUTE}/servers/{world.server}/os-volume_attachments"


def _patch(world: World, chance: random.Random) -> Response:
    word = f"w{chance.randrange(1000)}"
    changes = [
        {"op": "replace", "path": "/name", "value": word},
        {"op": "add", "path": "/color", "value": word},
        {"op": "replace", "path": "/tags", "value": [word, "b"]},
        {"op": "replace", "path": "/min_disk", "value": chance.randrange(10)},
    ]
    return world.cloud.ask(
        "PATCH", f"/image/v2/images/{world.image}", json=chance.sample(changes, 2), headers=PATCH
    )


def _add_rule(world: World, chance: random.Random) -> Response:
    body = {
        "security_group_id": world.group, "direction": "ingress", "protocol": "tcp",
        "port_range_min": 1000 + chance.randrange(1000), "port_range_max": 3000,
    }  # fmt: skip
    return world.cloud.ask(
        "POST", f"{NETWORK}/security-group-rules", json={"security_group_rule": body}
    )


_IMAGE: Final = "/image/v2/images/{world.image}"
ACTS: Final = (
    Act("instance.stop", _server("os-stop")),
    Act("instance.start", _server("os-start")),
    Act("instance.rename", _put(
        f"{COMPUTE}/servers/{{world.server}}", lambda _, word: {"server": {"name": word}})),
    Act("instance.set_metadata", _put(
        f"{COMPUTE}/servers/{{world.server}}/metadata",
        lambda _, word: {"metadata": {word: word}}, method="POST")),
    Act("volume.attach", lambda world, _: world.cloud.ask(
        "POST", _attachment(world), json={"volumeAttachment": {"volumeId": world.volume}})),
    Act("volume.detach", lambda world, _: world.cloud.ask(
        "DELETE", f"{_attachment(world)}/{world.volume}")),
    Act("volume.update", _put(
        f"{VOLUME}/volumes/{{world.volume}}", lambda _, word: {"volume": {"name": word}})),
    Act("volume.update", lambda world, chance: world.cloud.ask(
        "POST", f"{VOLUME}/volumes/{world.volume}/action",
        json={"os-set_bootable": {"bootable": chance.random() < 0.5}})),
    Act("volume.set_metadata", _put(
        f"{VOLUME}/volumes/{{world.volume}}/metadata", lambda _, word: {"metadata": {word: word}})),
    Act("volume.set_metadata", _delete(f"{VOLUME}/volumes/{{world.volume}}/metadata/a")),
    Act("volume.delete", _delete(f"{VOLUME}/volumes/{{world.volume}}")),
    Act("volume.delete", _delete(f"{VOLUME}/volumes/{{world.origin}}?cascade=true")),
    Act("snapshot.update", _put(
        f"{VOLUME}/snapshots/{{world.snapshot}}", lambda _, word: {"snapshot": {"name": word}})),
    Act("snapshot.set_metadata", _put(
        f"{VOLUME}/snapshots/{{world.snapshot}}/metadata",
        lambda _, word: {"metadata": {word: word}})),
    Act("snapshot.delete", _delete(f"{VOLUME}/snapshots/{{world.snapshot}}")),
    Act("tags.put", lambda world, chance: raw.ask(
        world.cloud, "CreateTags", ResourceId_1=world.ec2_id, Tag_1_Key="k",
        Tag_1_Value=f"w{chance.randrange(1000)}")),
    Act("tags.delete", lambda world, _: raw.ask(
        world.cloud, "DeleteTags", ResourceId_1=world.ec2_id, Tag_1_Key="k")),
    Act("image.update", _patch),
    Act("image.deactivate", lambda world, _: world.cloud.ask(
        "POST", _IMAGE.format(world=world) + "/actions/deactivate", user="admin")),
    Act("image.reactivate", lambda world, _: world.cloud.ask(
        "POST", _IMAGE.format(world=world) + "/actions/reactivate", user="admin")),
    Act("image.share", _put(
        f"{_IMAGE}/members", lambda _, word: {"member": word}, method="POST")),
    Act("image.unshare", lambda world, _: _unshare(world)),
    Act("image.delete", _delete(_IMAGE)),
    Act("key_pair.delete", _delete(f"{COMPUTE}/os-keypairs/{{world.key}}")),
    Act("security_group.update", _put(
        f"{NETWORK}/security-groups/{{world.group}}",
        lambda _, word: {"security_group": {"name": word, "description": word}})),
    Act("security_group.delete", _delete(f"{NETWORK}/security-groups/{{world.group}}")),
    Act("security_group.add_rules", _add_rule),
    Act("security_group.delete_rules", _delete(
        f"{NETWORK}/security-group-rules/{{world.rule}}")),
    Act("network.update", _put(
        f"{NETWORK}/networks/{{world.network}}", lambda _, word: {"network": {"name": word}})),
    Act("network.delete", _delete(f"{NETWORK}/networks/{{world.network}}")),
    Act("subnet.delete", _delete(f"{NETWORK}/subnets/{{world.subnet}}")),
    Act("port.update", _put(
        f"{NETWORK}/ports/{{world.port}}",
        lambda world, word: {"port": {"name": word, "security_groups": [world.friend]}})),
)  # fmt: skip


def _unshare(world: World) -> Response:
    found = image_members.of_image(world.cloud.db, world.image)
    first = found[0].member_id if found else "nobody"
    return world.cloud.ask("DELETE", _IMAGE.format(world=world) + f"/members/{first}")
