"""One compute host as `__main__` puts it together; Glance and the network worker are the test's."""

import contextlib
import hashlib
from collections.abc import Iterator

from appliance import claims, config, errors, ids, queue, worker
from appliance.db import connection, instances
from appliance.glance import Facts, Source
from appliance.model.instance import Instance
from appliance.model.states import Event, TaskState
from services.compute import tasks
from services.compute.builder import Builder
from services.compute.fake import Fake
from services.compute.folders import Folders
from services.compute.manager import Manager
from services.compute.reconcile import Reconciler
from tests.appliance import rows

IMAGE = ids.ImageId("11111111-2222-4333-8444-555555555555")
BYTES = b"\0" * (1 << 20)


class Host:
    """The parts of the worker's process, on a fake hypervisor."""

    def __init__(self, settings: config.Settings, db: connection.Database) -> None:
        self.db = db
        self.topics = queue.Queue(settings)
        self.folders = Folders(settings.home / "compute")
        self.driver = Fake(settings.home / "compute" / "fake")
        self.fake_folder = settings.home / "compute" / "fake"
        self.wired = 0
        self.is_glance_up = True
        self.settings = settings
        self.worker = worker.Worker(
            name="compute", topic="compute.box1", settings=settings, db=db, queue=self.topics,
            claims=claims.Claimer(db, settings.queue, owner="compute.box1/1"),
        )  # fmt: skip
        builder = Builder(settings=settings, db=db, folders=self.folders, fetch=self.fetch)
        self.manager = Manager(
            settings=settings, db=db, topics=self.topics, driver=self.driver, builder=builder,
            folders=self.folders, wire=self.wire,
        )  # fmt: skip
        self.steps = tasks.steps(self.worker, self.manager)
        self.builder = builder
        self.reconciler = self.booted("boot-1")

    def booted(self, boot_id: str) -> Reconciler:
        """The worker's regular look, as of a process started in that boot of the host."""
        return Reconciler(
            settings=self.settings, db=self.db, topics=self.topics, driver=self.driver,
            builder=self.builder, folders=self.folders, boot_id=boot_id,
        )  # fmt: skip

    def wire(self) -> None:
        self.wired += 1

    @contextlib.contextmanager
    def fetch(self, image_id: ids.ImageId) -> Iterator[Source]:
        if not self.is_glance_up:
            raise errors.Unavailable("glance is down")
        digest = hashlib.sha512(BYTES).hexdigest()
        yield Facts(disk_format="raw", hash_algorithm="sha512", hash_value=digest), [BYTES]

    def refuse(self, verb: str, reason: str) -> None:
        (self.fake_folder / "refuse" / verb).write_text(reason)

    def allow(self, verb: str) -> None:
        (self.fake_folder / "refuse" / verb).unlink()

    def add(self, **columns: object) -> Instance:
        defaults: dict[str, object] = {"host": "box1", "task_state": TaskState.SPAWNING}
        return rows.add_instance(self.db, **defaults | columns)

    def take_due(self) -> None:
        for step, instance_id, _ in tasks.due(self.worker):
            self.steps[step](instance_id)

    def running(self) -> Instance:
        instance = self.add(image_id=IMAGE)
        self.steps["spawn"](instance.id)
        return self.now(instance)

    def change(self, instance: Instance, event: Event) -> Instance:
        with self.db.transaction() as tx:
            return instances.advance(tx, instance, event)

    def now(self, instance: Instance) -> Instance:
        return instances.get(self.db, instance.id)

    def rung(self, topic: str) -> list[str]:
        with contextlib.suppress(errors.NotFound):
            return [message.step for message in self.topics.peek(topic)]
        return []
