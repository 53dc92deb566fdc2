"""What a request may ask of imports: bytes that wait here, or lie on the web, become an image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from appliance import clock, config, context, errors, ids, policy, queue
from appliance.db import connection, image_tasks, images
from appliance.model.image import Image, ImageEvent, ImageStatus
from appliance.model.image_task import ImageTask
from services.image import glance_download, staging, web_download
from services.image.api.ownership import owned
from services.image.inspection import Reader

METHODS: Final = ("glance-direct", "web-download", "copy-image", "glance-download")
TASK_TYPE: Final = "api_image_import"
TOPIC: Final = "image"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What is asked for; no stores: the one that new images go to."""

    method: str
    uri: str | None = None  # of web-download
    source: Mapping[str, str] = field(default_factory=dict)  # of glance-download: glance_image_id…
    stores: tuple[str, ...] = ()
    is_for_all_stores: bool = False
    must_all_succeed: bool = True


class Imports:
    """The verbs; may be used by many threads. `stores` are those that are written to."""

    def __init__(
        self,
        settings: config.Settings,
        db: connection.Database,
        topics: queue.Queue,
        *,
        stores: Sequence[str],
    ) -> None:
        self._settings = settings
        self._db = db
        self._queue = topics
        self.stores = tuple(stores)
        self._staging = staging.Staging(settings)

    def stage(self, ctx: context.RequestContext, image_id: str, reader: Reader) -> None:
        """Keep bytes on this host until they are imported: queued → uploading.

        Raises Forbidden, NotFound, Conflict (not queued), BadRequest (cut off), TooLarge. After any
        of them no byte is left, and the image is as it was.
        """
        policy.check(ctx, "stage_image")
        image = owned(self._db, ctx, image_id)
        if image.status is not ImageStatus.QUEUED:
            raise errors.Conflict(f"Image {image_id} is {image.status}: it takes no data to stage.")
        location = self._staging.add(image_id, reader)
        try:
            with self._db.transaction() as tx:
                images.advance(tx, image, ImageEvent.STAGE, staged_location=location)
        except BaseException:
            self._staging.remove(location)
            raise

    def start(self, ctx: context.RequestContext, image_id: str, asked: ImportRequest) -> ImageTask:
        """Promise the import: a task, and the image `importing` (a copied one stays active).

        Raises Forbidden, NotFound, BadRequest (method, URI, store), Conflict (the image's state, or
        formats that it lacks).
        """
        policy.check(ctx, "copy_image" if asked.method == "copy-image" else "import_image")
        self._check(asked)
        stores = self._wanted(asked)
        with self._db.transaction() as tx:
            image = owned(tx, ctx, image_id)
            _check_state(image, asked)
            if image_tasks.open_of(tx, image_id) is not None:
                raise errors.Conflict(f"Image {image_id} is being imported already.")
            if asked.method == "copy-image":
                stores = _lacking(image, stores, is_for_all=asked.is_for_all_stores)
            else:
                images.advance(tx, image, ImageEvent.IMPORT, attempts=0, reason="")
            images.put_import(tx, image_id, importing_to=stores, failed_to=())
            task = _task(ctx, image_id, asked, stores)
            image_tasks.create(tx, task)
        self._ring(task, asked)
        return task

    def promise(self, ctx: context.RequestContext, image_id: str, uri: str) -> ImageTask:
        """A task of the older form that fetches a queued image from the web."""
        asked = ImportRequest(method="web-download", uri=uri)
        task = replace(_task(ctx, image_id, asked, self.stores[:1]), type="import")
        with self._db.transaction() as tx:
            image = owned(tx, ctx, image_id)
            images.advance(tx, image, ImageEvent.IMPORT, attempts=0, reason="")
            image_tasks.create(tx, task)
        self._ring(task, asked)
        return task

    def _ring(self, task: ImageTask, asked: ImportRequest) -> None:
        if asked.method == "copy-image":
            self._queue.ring(TOPIC, "copy_image", task.id)
        else:
            self._queue.ring(TOPIC, "import_data", task.image_id or "")

    def _check(self, asked: ImportRequest) -> None:
        if asked.method not in METHODS:
            raise errors.BadRequest(f"Unknown import method name {asked.method[:50]!r}.")
        if asked.method == "web-download":
            if not asked.uri:
                raise errors.BadRequest("'uri' is required for 'web-download'.")
            web_download.check(asked.uri, self._settings.image)
        if asked.method == "glance-download":
            glance_download.check(asked.source)

    def _wanted(self, asked: ImportRequest) -> tuple[str, ...]:
        """The stores asked for; none: that of new images. Raises BadRequest, Conflict."""
        if asked.is_for_all_stores:
            if asked.stores:
                raise errors.BadRequest("stores and all_stores do not go together.")
            return self.stores
        for store in asked.stores:
            if store not in self.stores:
                raise errors.Conflict(f"The store {store[:50]!r} is none that images are put in.")
        return tuple(dict.fromkeys(asked.stores)) or self.stores[:1]


def _check_state(image: Image, asked: ImportRequest) -> None:
    wanted = {
        "glance-direct": ImageStatus.UPLOADING, "copy-image": ImageStatus.ACTIVE,
    }.get(asked.method, ImageStatus.QUEUED)  # fmt: skip
    if image.status is not wanted:
        raise errors.Conflict(
            f"Image status transition from {image.status} to importing is not allowed by "
            f"{asked.method}, which wants it {wanted}."
        )
    if None in (image.disk_format, image.container_format):
        raise errors.Conflict("disk_format and container_format must be set before an import.")


def _lacking(image: Image, stores: tuple[str, ...], *, is_for_all: bool) -> tuple[str, ...]:
    """The stores that have not the image yet. Raises BadRequest when one that was named has it."""
    has = {image.store, *(copy.store for copy in image.copies)}
    found = tuple(one for one in stores if one not in has)
    if found != stores and not is_for_all:
        raise errors.BadRequest(f"Image {image.id} is already in one of {', '.join(stores)}.")
    return found


def _task(
    ctx: context.RequestContext, image_id: str, asked: ImportRequest, stores: Sequence[str]
) -> ImageTask:
    now = clock.stamp()
    method = {"name": asked.method} | ({"uri": asked.uri} if asked.uri else {}) | dict(asked.source)
    wanted = {
        "method": method,
        "stores": list(stores),
        "all_stores_must_succeed": asked.must_all_succeed,
    }
    return ImageTask(
        id=ids.new_uuid(), type=TASK_TYPE, image_id=image_id, project_id=ctx.project_id,
        user_id=ctx.user_id, request_id=ctx.request_id, created_at=now, updated_at=now,
        input={"image_id": image_id, "import_req": wanted, "backend": list(stores)},
    )  # fmt: skip
