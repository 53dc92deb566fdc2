"""A cloud's API in this process: real rows, real queue files, real tokens; no worker runs."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient

from appliance import clock, config, credentials, ids, queue
from appliance.db import (
    connection,
    hosts,
    images,
    instances,
    projects,
    role_assignments,
    roles,
    services,
    snapshots,
    users,
    volumes,
)
from appliance.model.image import Image, ImageStatus, Visibility
from appliance.model.instance import Instance
from appliance.model.project import Project
from appliance.model.role import Assignment
from appliance.model.user import User
from appliance.model.volume_states import SnapshotEvent, VolumeEvent
from services.api import __main__ as process
from services.api import app
from services.identity import passwords
from services.identity.api import Identity, Scope, Who
from tests import asgi

COMPUTE = "/compute/v2.1"
NETWORK = "/network/v2.0"
VOLUME = "/volume/v3"
CLOUD = "/novabox/v1"

HOME = Who(id="default")  # the domain of all users
OTHERS = {"other": "member", "watcher": "reader"}  # users in a project of their name: their role

# the tables that a request may leave something in
TABLES = (
    "instances", "instance_metadata", "ports", "fixed_ips", "key_pairs", "networks", "subnets",
    "security_groups", "security_group_rules", "volumes", "volume_metadata", "snapshots",
    "snapshot_metadata",
)  # fmt: skip


@dataclass(frozen=True)
class Cloud:
    """What a test asks, and what it looks at afterwards."""

    settings: config.Settings
    db: connection.Database
    topics: queue.Queue
    api: app.Api
    client: TestClient
    tokens: dict[str, str]

    def ask(self, method: str, path: str, *, user: str = "demo", **options: Any) -> Response:
        """Send one request as `user`."""
        headers = {"X-Auth-Token": self.tokens[user], **options.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **options)

    def get(self, path: str, *, user: str = "demo", **options: Any) -> Any:
        """The body of a GET that succeeds."""
        answer = self.ask("GET", path, user=user, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any, *, user: str = "demo") -> Any:
        """The body of a POST that succeeds."""
        answer = self.ask("POST", path, user=user, json=body)
        assert answer.status_code in (200, 201, 202), answer.text
        return answer.json() if answer.content else None

    def run(self, *, user: str = "demo", **server: Any) -> Any:
        """Create a server of the test image, unless told otherwise."""
        body = {"name": "web", "flavorRef": "1", **server}
        if "imageRef" not in body:
            body["imageRef"] = self.add_image()
        return self.post(f"{COMPUTE}/servers", {"server": body}, user=user)["server"]

    def project_id(self, name: str = "demo") -> ids.ProjectId:
        """Id of a project."""
        found = projects.find_by_name(self.db, name)
        assert found is not None
        return found.id

    def add_image(self, **columns: Any) -> str:
        """An active, public image of 8 MiB."""
        now = clock.stamp()
        values: dict[str, Any] = {
            "id": ids.new_uuid(), "name": "tiny", "status": ImageStatus.ACTIVE,
            "visibility": Visibility.PUBLIC, "project_id": self.project_id("admin"),
            "container_format": "bare", "disk_format": "qcow2", "size_bytes": 8 << 20,
            "virtual_size_bytes": 32 << 20, "checksum_md5": None, "checksum_sha512": None,
            "checksum_xxh3": None, "min_disk_gib": 0, "min_memory_mib": 0, "is_protected": 0,
            "is_hidden": 0, "store": "file", "location": None,
            "request_id": ids.new_request_id(), "created_at": now, "updated_at": now,
            "deleted_at": None, "claim_owner": None, "claim_expires_at": None,
            "properties": {}, "tags": (),
        }  # fmt: skip
        image = Image(**values | columns)
        with self.db.transaction() as tx:
            images.create(tx, image)
        return image.id

    def add_host(self, name: str = "box1") -> None:
        """A host whose compute and network workers have reported in."""
        with self.db.transaction() as tx:
            hosts.report(
                tx, name, zone="nova", vcpus=4, memory_mib=8192, disk_gib=100,
                hypervisor="QEMU", virt_type="qemu",
            )  # fmt: skip
            for topic in ("compute", "network"):
                services.register(tx, f"{topic}.{name}", name=topic, host=name)

    def instance(self, instance_id: str) -> Instance:
        """The row of an instance."""
        return instances.get(self.db, instance_id)

    def advance(self, instance_id: str, *events: Any, **columns: object) -> None:
        """What workers would do."""
        for event in events:
            with self.db.transaction() as tx:
                instances.advance(tx, instances.get(tx, instance_id), event, **columns)

    def add_volume(self, *, user: str = "demo", **volume: Any) -> Any:
        """A volume of 1 GiB, as the API answers it, that its worker has made."""
        made = self.post(f"{VOLUME}/volumes", {"volume": {"size": 1, **volume}}, user=user)
        self.change_volume(made["volume"]["id"], VolumeEvent.CREATED)
        return made["volume"]

    def add_snapshot(self, volume_id: str, **snapshot: Any) -> Any:
        """A snapshot, as the API answers it, that its worker has taken."""
        body = {"snapshot": {"volume_id": volume_id, **snapshot}}
        made = self.post(f"{VOLUME}/snapshots", body)["snapshot"]
        with self.db.transaction() as tx:
            snapshots.advance(tx, snapshots.get(tx, made["id"]), SnapshotEvent.CREATED)
        return made

    def change_volume(self, volume_id: str, *events: VolumeEvent, **columns: object) -> None:
        """What workers would do."""
        for event in events:
            with self.db.transaction() as tx:
                volumes.advance(tx, volumes.get(tx, volume_id), event, **columns)

    def counts(self) -> Counter[str]:
        """How many rows each table has."""
        found: Counter[str] = Counter()
        for table in TABLES:
            row = self.db.row(f"SELECT count(*) AS n FROM {table}")
            found[table] = row["n"] if row else 0
        return found

    def messages(self, topic: str) -> list[tuple[str, str]]:
        """Steps and ids that wait in a topic."""
        names = self.topics.names()
        return (
            [(one.step, one.object_id) for one in self.topics.peek(topic)] if topic in names else []
        )


def first_start(settings: config.Settings) -> dict[str, str]:
    """Bootstrap a cloud and add two users; a token for each user in the project of its name."""
    process.bootstrap(settings)
    process.bootstrap(settings)  # may run twice
    db = connection.open_db(settings.home)
    word = {user: credentials.read(settings, user).password for user in ("admin", "demo")}
    with db.transaction() as tx:
        for user, role in OTHERS.items():
            _add_user(tx, user, role)
    word |= dict.fromkeys(OTHERS, "secret")
    identity = Identity(settings, db)
    found = {
        user: identity.by_password(
            Who(name=user, domain=HOME), password, Scope(project=Who(name=user, domain=HOME))
        )[0]
        for user, password in word.items()
    }
    db.close()
    return found


def opened(settings: config.Settings, tokens: dict[str, str]) -> Cloud:
    """The API of a cloud that is bootstrapped."""
    db = connection.open_db(settings.home)
    topics = queue.Queue(settings)
    api = app.build(settings, db, topics)
    client = asgi.client(api.application, raise_server_exceptions=False)
    return Cloud(settings, db, topics, api, client, tokens)


def _add_user(tx: connection.Transaction, name: str, role: str) -> None:
    project = Project(id=ids.ProjectId(ids.new_hex()), name=name)
    user = User(
        id=ids.UserId(ids.new_hex()), name=name, password_hash=passwords.hashed("secret"),
        default_project_id=project.id,
    )  # fmt: skip
    projects.create(tx, project)
    users.create(tx, user)
    granted = roles.find_by_name(tx, role)
    assert granted is not None
    role_assignments.assign(
        tx, Assignment(role_id=granted.id, user_id=user.id, target_id=project.id)
    )
