"""One volume host as `__main__` puts it together; Glance is the test's."""

import contextlib
import hashlib
from collections.abc import Iterator

from appliance import claims, config, errors, ids, queue, worker
from appliance.db import connection, instances, snapshots, volumes
from appliance.glance import Facts, Source
from appliance.model.instance import Instance
from appliance.model.states import TaskState, VmState
from appliance.model.volume import Snapshot, Volume
from appliance.model.volume_states import AttachStatus, VolumeStatus
from services.volume import tasks
from services.volume.alone import Alone
from services.volume.attachments import Attachments
from services.volume.image_copy import ImageCopy
from services.volume.manager import Manager
from services.volume.reconcile import Reconciler
from services.volume.trash import Trash
from storage.blocks.export import Exporter
from storage.blocks.fake import Fake
from storage.blocks.pool import Pool
from storage.blocks.sparse import Sparse
from tests.appliance import rows

IMAGE = ids.ImageId("11111111-2222-4333-8444-555555555555")
ATTACHMENT = "aaaaaaaa-2222-4333-8444-555555555555"


class Host:
    """The parts of the worker's process; `image` is what Glance gives."""

    def __init__(
        self,
        settings: config.Settings,
        db: connection.Database,
        *,
        pool: Pool | None = None,
        exporter: Exporter | None = None,
    ) -> None:
        self.settings = settings
        self.db = db
        self.topics = queue.Queue(settings)
        self.pool = pool or Sparse(settings.home / "volumes")
        self.exporter = exporter or Fake(settings.home / "volume" / "fake")
        self.exporter.start()
        self.image: bytes | None = b"boot" * 1000
        self.disk_format = "raw"
        self.worker = worker.Worker(
            name="volume", topic="volume.box1", settings=settings, db=db, queue=self.topics,
            claims=claims.Claimer(db, settings.queue, owner="volume.box1/1"),
        )  # fmt: skip
        alone = Alone()
        self.incoming = settings.home / "volume" / "incoming"
        images = ImageCopy(self.pool, fetch=self.fetch, folder=self.incoming)
        self.attachments = Attachments(
            settings=settings, db=db, topics=self.topics, pool=self.pool, exporter=self.exporter,
            alone=alone,
        )  # fmt: skip
        self.manager = Manager(
            settings=settings, db=db, topics=self.topics, pool=self.pool, exporter=self.exporter,
            images=images, alone=alone,
        )  # fmt: skip
        self.reconciler = Reconciler(
            settings=settings, db=db, pool=self.pool, exporter=self.exporter, images=images,
            attachments=self.attachments, alone=alone,
        )  # fmt: skip
        self.trash = Trash(settings=settings, db=db, topics=self.topics, pool=self.pool)
        self.steps = tasks.steps(self.worker, self.manager, self.attachments, self.trash)

    @contextlib.contextmanager
    def fetch(self, image_id: ids.ImageId) -> Iterator[Source]:
        if self.image is None:
            raise errors.Unavailable("glance is down")
        digest = hashlib.sha512(self.image).hexdigest()
        half = len(self.image) // 2
        chunks = [self.image[:half], self.image[half:]]
        yield (
            Facts(disk_format=self.disk_format, hash_algorithm="sha512", hash_value=digest),
            chunks,
        )

    def add(self, **columns: object) -> Volume:
        return rows.add_volume(self.db, **columns)

    def available(self, **columns: object) -> Volume:
        """A volume that is made, with bytes of its own."""
        volume = self.add(**columns)
        self.steps["create"](volume.id)
        with self.pool.device(volume.id).open("r+b") as file:
            file.write(volume.id.encode())
        return self.now(volume)

    def promised(self, instance: Instance, **columns: object) -> Volume:
        """A volume that is there, and reserved for the instance."""
        reserved: dict[str, object] = {
            "status": VolumeStatus.RESERVED, "attachment_id": ATTACHMENT,
            "instance_id": instance.id, "device": "/dev/vdb",
        }  # fmt: skip
        volume = self.add(**reserved | columns)
        self.pool.create(volume.id, size_bytes=1 << 30)
        return volume

    def attached(self, instance: Instance, **columns: object) -> Volume:
        """A volume that the instance's guest has."""
        volume = self.promised(instance, **columns)
        self.steps["export"](volume.id)
        with self.db.transaction() as tx:
            volumes.update(tx, volume.id, status="in-use", attach_status=AttachStatus.ATTACHED)
        return self.now(volume)

    def add_snapshot(self, volume: Volume, **columns: object) -> Snapshot:
        return rows.add_snapshot(self.db, volume.id, **columns)

    def add_instance(self, **columns: object) -> Instance:
        defaults: dict[str, object] = {
            "host": "box1", "vm_state": VmState.ACTIVE, "task_state": None, "launched_at": "now",
        }  # fmt: skip
        return rows.add_instance(self.db, **defaults | columns)

    def launching(self) -> Instance:
        """An instance that waits for its volumes."""
        return self.add_instance(
            vm_state=VmState.BUILDING, task_state=TaskState.BLOCK_DEVICE_MAPPING, launched_at=None
        )

    def take_due(self) -> None:
        for step, object_id, _ in list(tasks.due(self.worker, self.attachments)):
            with contextlib.suppress(errors.NovaboxError):
                self.steps[step](object_id)

    def now(self, volume: Volume) -> Volume:
        return volumes.get(self.db, volume.id)

    def status(self, volume: Volume) -> str:
        return str(self.now(volume).state)

    def snapshot_now(self, snapshot: Snapshot) -> Snapshot:
        return snapshots.get(self.db, snapshot.id)

    def instance_now(self, instance: Instance) -> Instance:
        return instances.get(self.db, instance.id)

    def bytes_of(self, volume: Volume, size: int = 36) -> bytes:
        with self.pool.device(volume.id).open("rb") as file:
            return file.read(size)

    def size_bytes(self, volume: Volume) -> int:
        with self.pool.device(volume.id).open("rb") as file:
            return file.seek(0, 2)

    def rung(self, topic: str) -> list[tuple[str, str]]:
        with contextlib.suppress(errors.NotFound):
            return [(message.step, message.object_id) for message in self.topics.peek(topic)]
        return []
