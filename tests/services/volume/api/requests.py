"""A caller with rows of its own, and the verbs as a face has them."""

from collections.abc import Callable

from appliance import clock, config, context, ids, queue
from appliance.db import connection, images
from appliance.model.image import Image, ImageStatus, Visibility
from services.volume.api import types
from services.volume.api.snapshots import Snapshots
from services.volume.api.volumes import Volumes

CTX = context.RequestContext(
    user_id=ids.UserId("u1"), project_id=ids.ProjectId("p1"), roles=frozenset({"member"})
)
OTHER = context.RequestContext(
    user_id=ids.UserId("u2"), project_id=ids.ProjectId("p2"), roles=frozenset({"member"})
)
READER = context.RequestContext(project_id=ids.ProjectId("p1"), roles=frozenset({"reader"}))


class Api:
    """The verbs over a database and a queue."""

    def __init__(self, settings: config.Settings, db: connection.Database) -> None:
        self.db = db
        self.queue = queue.Queue(settings)
        place = types.place(settings)
        self.volumes = Volumes(db=db, queue=self.queue, place=place, trash=settings.trash)
        self.snapshots = Snapshots(db=db, queue=self.queue, place=place, trash=settings.trash)

    def rung(self) -> list[tuple[str, str]]:
        if not self.queue.names():
            return []
        return [(each.step, each.object_id) for each in self.queue.peek("volume.box1")]

    def change(self, write: Callable[[connection.Transaction], object]) -> None:
        with self.db.transaction() as tx:
            write(tx)

    def add_image(self, **columns: object) -> Image:
        now = clock.stamp()
        values: dict[str, object] = dict.fromkeys(Image.__dataclass_fields__) | {
            "id": ids.new_uuid(), "name": "tiny", "status": ImageStatus.ACTIVE,
            "visibility": Visibility.PUBLIC, "project_id": "p1", "container_format": "bare",
            "disk_format": "qcow2", "size_bytes": 1 << 20, "virtual_size_bytes": 1 << 30,
            "min_disk_gib": 0, "min_memory_mib": 0, "is_protected": 0, "is_hidden": 0,
            "request_id": "req-1", "created_at": now, "updated_at": now,
            "reason": "", "attempts": 0, "properties": {"os_distro": "tiny"}, "tags": (),
            "copies": (),
        }  # fmt: skip
        image = Image(**values | columns)  # type: ignore[arg-type]  # a test's own mistake shows
        self.change(lambda tx: images.create(tx, image))
        return image
