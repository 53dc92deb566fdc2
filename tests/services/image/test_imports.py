"""Imports whose worker dies, whose store is away, or whose image has to be made another."""

import dataclasses
import io
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import clock, config, context, errors, ids, queue
from appliance.db import connection, image_copies, image_tasks, images
from appliance.model.image import ImageEvent, ImageStatus
from appliance.model.image_copy import ImageCopy
from appliance.model.image_task import ImageTask, TaskStatus
from services.image import stores, tasks
from services.image.api import Images, NewImage
from services.image.api.imports import ImportRequest
from services.image.data import Data
from services.image.imports import Imports
from services.image.manager import Manager
from services.image.sources import Sources
from services.image.trash import Trash
from storage.images import file, store, swift
from tests.services.image import disks
from tests.services.image.web import Web, page

DATA = disks.raw(200_000)
DEAD = "box1/999999999/x"  # no process has such a pid
CTX = context.RequestContext(project_id=ids.ProjectId("p1"), roles=frozenset({"member"}))
ADMIN = context.RequestContext(project_id=ids.ProjectId("p0"), roles=frozenset({"admin"}))


class Away(file.FileStore):
    """A folder that does not answer when it is away."""

    is_away = False

    def add(self, location: str, reader: store.Reader) -> store.Stored:
        self._check()
        return super().add(location, reader)

    def delete(self, location: str) -> None:
        self._check()
        super().delete(location)

    def _check(self) -> None:
        if self.is_away:
            raise store.StoreUnreachable("it is away")


class Worker:
    """The image service on a database, a queue and two folders."""

    def __init__(
        self, settings: config.Settings, db: connection.Database, topics: queue.Queue
    ) -> None:
        settings = dataclasses.replace(settings, trash=config.Trash(kept_s=0))
        self.settings, self.db, self._topics = settings, db, topics
        self.first, self.second = Away(settings.home / "images"), Away(settings.home / "swift")
        by_name = stores.open_stores(settings, _nowhere)
        self.data = Data(settings, db, {**by_name, "file": self.first, "swift": self.second})
        objects = Sources(_nowhere)
        self.verbs = Images(settings, db, topics, data=self.data, objects=objects)
        self.start()

    def start(self) -> None:
        """A worker that knows nothing of an earlier life."""
        imports = Imports(self.settings, self.db, self.data, objects=Sources(_nowhere))
        self.manager = Manager(self.db, self.data, imports, Trash(self.settings, self.db))

    def work(self) -> None:
        """One round; a step's error is in the row, the trace and the log."""
        self._topics.once("image", tasks.steps(self.manager), sweep=lambda: tasks.due(self.manager))

    def staged(self, data: bytes = DATA, disk_format: str = "raw", *to: str) -> str:
        """An image whose bytes wait here, promised to be imported to these stores."""
        new = NewImage(disk_format=disk_format, container_format="bare")
        image_id = self.verbs.create(CTX, new).id
        self.verbs.imports.stage(CTX, image_id, io.BytesIO(data))
        self.verbs.imports.start(CTX, image_id, ImportRequest(method="glance-direct", stores=to))
        return image_id

    def status(self, image_id: str) -> ImageStatus:
        return images.get(self.db, image_id).status

    def task(self, image_id: str) -> ImageTask:
        found = image_tasks.newest(self.db, image_id)
        assert found is not None
        return found

    def names(self, folder: str) -> list[str]:
        return sorted(path.name for path in (self.settings.home / folder).iterdir())

    def bytes_of(self, image_id: str) -> bytes:
        return b"".join(self.verbs.download(CTX, images.get(self.db, image_id)))

    def hold(self, image_id: str, **columns: object) -> None:
        """What a worker writes that is killed with the image in hand."""
        values = {"claim_owner": DEAD, "claim_expires_at": clock.stamp(clock.now() + 100)} | columns
        names = ", ".join(f"{name} = ?" for name in values)
        with self.db.transaction() as tx:
            tx.execute(f"UPDATE images SET {names} WHERE id = ?", (*values.values(), image_id))


def _nowhere() -> swift.Access:
    return swift.Access(url="http://127.0.0.1:1/v1/AUTH_x", headers={})


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as served:
        yield served


@pytest.fixture
def worker(
    settings: config.Settings, db: connection.Database, topics: queue.Queue, web: Web
) -> Worker:
    image = web.allowed(settings.image)
    image = dataclasses.replace(image, store="file", size_bytes_max=16 << 20)
    return Worker(dataclasses.replace(settings, image=image), db, topics)


def test_an_import_whose_worker_was_killed_begins_again_and_leaves_one_copy(worker: Worker):
    image_id = worker.staged()
    worker.hold(image_id, store="file", location=f"{image_id}-1", attempts=1)
    (worker.settings.home / "images" / f"{image_id}-1").write_bytes(DATA[:1000])

    worker.start()
    worker.work()
    worker.work()

    image = images.get(worker.db, image_id)
    assert (image.status, image.attempts) == (ImageStatus.ACTIVE, 2)
    assert worker.names("images") == [image.location]
    assert worker.bytes_of(image_id) == DATA
    assert worker.task(image_id).status is TaskStatus.SUCCESS
    assert worker.names("staging") == []


def test_an_import_that_kills_its_worker_each_time_is_given_up(worker: Worker):
    image_id = worker.staged()
    worker.hold(image_id, attempts=worker.settings.queue.attempts_max)

    worker.work()

    image, task = images.get(worker.db, image_id), worker.task(image_id)
    assert (image.status, task.status) == (ImageStatus.QUEUED, TaskStatus.FAILURE)
    assert "was begun" in image.reason
    assert image.reason == task.message
    assert (worker.names("images"), worker.names("staging")) == ([], [])


def test_a_living_workers_import_is_left_to_it(worker: Worker):
    image_id = worker.staged()
    worker.hold(image_id, claim_owner=f"box1/{os.getpid()}/x")

    worker.work()

    assert worker.status(image_id) is ImageStatus.IMPORTING
    assert list(worker.manager.due()) == []


def test_the_further_stores_of_an_import_are_come_to_after_a_kill(worker: Worker):
    """Its image is active by then, and its task is all that says that it is not over."""
    image_id = worker.staged(DATA, "raw", "file", "swift")
    worker.second.is_away = True
    worker.work()
    assert worker.task(image_id).status is TaskStatus.FAILURE
    with worker.db.transaction() as tx:  # as if the worker had not come to it
        tx.execute("UPDATE image_tasks SET status = 'processing', message = ''")
    worker.second.is_away = False

    worker.start()
    worker.work()

    assert worker.task(image_id).status is TaskStatus.SUCCESS
    assert [len(worker.names(one)) for one in ("images", "swift")] == [1, 1]
    image = images.get(worker.db, image_id)
    assert [copy.store for copy in image.copies] == ["swift"]
    assert (image.importing_to, image.failed_to) == ("", "")


def test_a_copy_that_a_killed_worker_was_writing_is_removed(worker: Worker):
    image_id = worker.staged()
    worker.work()
    left = ImageCopy(
        image_id=image_id, store="swift", location=f"{image_id}-1", created_at=clock.stamp()
    )
    with worker.db.transaction() as tx:
        image_copies.create(tx, left)
    (worker.settings.home / "swift" / left.location).write_bytes(DATA)
    worker.second.is_away = True
    worker.work()
    assert worker.names("swift") == [left.location]
    worker.second.is_away = False

    worker.work()

    assert worker.names("swift") == []
    assert image_copies.of_image(worker.db, image_id, is_whole=False) == []
    assert worker.bytes_of(image_id) == DATA


def test_a_store_that_is_away_is_waited_for(worker: Worker):
    image_id = worker.staged()
    worker.first.is_away = True

    worker.work()

    image = images.get(worker.db, image_id)
    assert (image.status, image.claim_owner) == (ImageStatus.IMPORTING, None)
    assert "it is away" in image.reason
    assert worker.task(image_id).status in image_tasks.OPEN
    assert len(worker.names("staging")) == 1
    worker.first.is_away = False
    worker.work()
    assert (worker.status(image_id), worker.bytes_of(image_id)) == (ImageStatus.ACTIVE, DATA)
    assert images.get(worker.db, image_id).reason == ""


def test_a_store_that_stays_away_is_given_up_with_its_reason_when_it_is_back(worker: Worker):
    image_id = worker.staged()
    worker.hold(image_id, attempts=worker.settings.queue.attempts_max - 1)
    worker.first.is_away = True
    for _ in range(3):
        worker.work()
    assert worker.status(image_id) is ImageStatus.IMPORTING  # what it wrote is still to be removed

    worker.first.is_away = False
    worker.work()

    image = images.get(worker.db, image_id)
    assert (image.status, image.location) == (ImageStatus.QUEUED, None)
    assert "it is away" in image.reason
    assert worker.task(image_id).status is TaskStatus.FAILURE
    assert (worker.names("images"), worker.names("staging")) == ([], [])


def test_an_image_that_is_deleted_while_it_is_copied_leaves_no_copy(worker: Worker, monkeypatch):
    image_id = worker.staged()
    worker.work()
    worker.verbs.imports.start(
        ADMIN, image_id, ImportRequest(method="copy-image", stores=("swift",))
    )
    task_id = worker.task(image_id).id

    class Deleting(Away):
        def add(self, location: str, reader: store.Reader) -> store.Stored:
            stored = super().add(location, reader)
            worker.verbs.delete(CTX, image_id)
            worker.manager.delete_data(image_id)
            return stored

    worker.second.__class__ = Deleting
    worker.work()
    worker.second.__class__ = Away
    worker.work()

    assert worker.status(image_id) is ImageStatus.DELETED
    assert (worker.names("images"), worker.names("swift")) == ([], [])
    assert image_tasks.get(worker.db, task_id).status is TaskStatus.FAILURE


@pytest.fixture
def vdi(tmp_path: Path) -> bytes:
    """DATA as a disk of VirtualBox."""
    if not shutil.which("qemu-img"):
        pytest.skip("qemu-img is missing")
    raw, made = tmp_path / "raw", tmp_path / "vdi"
    raw.write_bytes(DATA.ljust(1 << 20, b"\0"))
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "vdi", raw, made], check=True)
    return made.read_bytes()


def _content(worker: Worker, image_id: str, tmp_path: Path) -> bytes:
    """What a guest would see of a qcow2 image."""
    disk, raw = tmp_path / "disk", tmp_path / "disk.raw"
    disk.write_bytes(worker.bytes_of(image_id))
    subprocess.run(["qemu-img", "convert", "-f", "qcow2", "-O", "raw", disk, raw], check=True)
    return raw.read_bytes()


def test_a_disk_that_no_guest_boots_is_imported_as_one_that_does(worker: Worker, vdi, tmp_path):
    image_id = worker.staged(vdi, "vdi")

    worker.work()

    image = images.get(worker.db, image_id)
    assert (image.status, image.disk_format) == (ImageStatus.ACTIVE, "qcow2")
    assert image.virtual_size_bytes == 1 << 20
    assert _content(worker, image_id, tmp_path) == DATA.ljust(1 << 20, b"\0")
    assert worker.names("staging") == []
    task = worker.task(image_id)
    assert (task.done_bytes, task.total_bytes) == (image.size_bytes, image.size_bytes)


def test_a_conversion_that_was_interrupted_is_one_of_the_same_format_again(
    worker: Worker, vdi, tmp_path
):
    image_id = worker.staged(vdi, "vdi")
    worker.first.is_away = True
    worker.work()
    image = images.get(worker.db, image_id)
    assert (image.status, image.disk_format) == (ImageStatus.IMPORTING, "vdi")

    worker.first.is_away = False
    worker.work()

    assert worker.status(image_id) is ImageStatus.ACTIVE
    assert _content(worker, image_id, tmp_path) == DATA.ljust(1 << 20, b"\0")


def test_a_disk_may_be_kept_as_it_is(
    worker: Worker, settings: config.Settings, db: connection.Database, topics: queue.Queue, vdi
):
    image = dataclasses.replace(worker.settings.image, convert_to="")
    plain = Worker(dataclasses.replace(worker.settings, image=image), db, topics)

    image_id = plain.staged(vdi, "vdi")
    plain.work()

    assert images.get(db, image_id).disk_format == "vdi"
    assert plain.bytes_of(image_id) == vdi


def test_what_glance_download_adopts_is_added_to_what_its_user_said_meanwhile(worker: Worker):
    """The endpoint is not this cloud's: nothing is fetched, nothing is adopted, nothing is lost."""
    new = NewImage(disk_format="raw", container_format="bare", name="before")
    image_id = worker.verbs.create(CTX, new).id
    worker.verbs.imports.start(
        CTX, image_id,
        ImportRequest(
            method="glance-download",
            source={"glance_image_id": ids.new_uuid(), "glance_region": "far",
                    "glance_service_interface": "public"},
        ),
    )  # fmt: skip
    worker.verbs.update(CTX, image_id, lambda image: dataclasses.replace(image, name="after"))

    worker.work()

    image = images.get(worker.db, image_id)
    assert (image.status, image.name) == (ImageStatus.QUEUED, "after")
    assert "no public endpoint" in image.reason


def test_tasks_that_ended_are_forgotten_in_time(worker: Worker):
    image_id = worker.staged()
    worker.work()
    worker.work()
    assert worker.task(image_id).status is TaskStatus.SUCCESS
    with worker.db.transaction() as tx:
        tx.execute("UPDATE image_tasks SET expires_at = ?", (clock.stamp(clock.now() - 1),))

    worker.work()

    assert image_tasks.newest(worker.db, image_id) is None


def test_the_older_form_of_an_import_makes_its_image_too(worker: Worker, web: Web):
    web.answers["/disk"] = page(DATA)
    new = NewImage(disk_format="raw", container_format="bare")

    task = worker.verbs.add_task(ADMIN, new, web.url("/disk"))
    worker.work()

    ended = image_tasks.get(worker.db, task.id)
    assert (ended.type, ended.status) == ("import", TaskStatus.SUCCESS)
    assert worker.status(task.image_id or "") is ImageStatus.ACTIVE


def test_an_upload_to_be_staged_that_breaks_off_leaves_nothing(worker: Worker):
    image_id = worker.verbs.create(CTX, NewImage(disk_format="raw", container_format="bare")).id

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise errors.BadRequest("the client went away")
            return super().read(1000)

    with pytest.raises(errors.BadRequest):
        worker.verbs.imports.stage(CTX, image_id, Broken(DATA))
    assert (worker.status(image_id), worker.names("staging")) == (ImageStatus.QUEUED, [])


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file of this process can be larger than 8 MiB, as if there were no room for more."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8 << 20, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_is_said_as_glance_does_and_leaves_nothing(worker: Worker):
    new = NewImage(disk_format="raw", container_format="bare")
    image_id, data = worker.verbs.create(CTX, new).id, bytes(10 << 20)

    with pytest.raises(errors.TooLarge, match="Image storage media is full") as refused:
        worker.verbs.upload(CTX, image_id, io.BytesIO(data))
    assert refused.value.status == 413
    with pytest.raises(errors.TooLarge, match="There is no room"):
        worker.verbs.imports.stage(CTX, image_id, io.BytesIO(data))

    assert worker.status(image_id) is ImageStatus.QUEUED
    assert (worker.names("images"), worker.names("staging")) == ([], [])


def test_an_image_that_changed_while_it_was_staged_keeps_no_byte_of_it(worker: Worker):
    image_id = worker.verbs.create(CTX, NewImage(disk_format="raw", container_format="bare")).id

    class Overtaken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if not self.tell():
                worker.verbs.delete(CTX, image_id)
            return super().read(1 << 20)

    with pytest.raises(errors.Conflict):
        worker.verbs.imports.stage(CTX, image_id, Overtaken(DATA))
    assert worker.names("staging") == []
    with worker.db.transaction() as tx, pytest.raises(errors.Conflict):
        images.advance(tx, images.get(tx, image_id), ImageEvent.STAGE)
