"""Deleted images: their bytes wait in the store, then go; whoever has one back has it as it was."""

import dataclasses
import io

import pytest

from appliance import clock, config, context, errors, ids, queue
from appliance.db import connection, images, journal
from appliance.model.image import ImageStatus
from appliance.model.journal import EntryState
from services.image import stores, tasks
from services.image.api import Images, NewImage
from services.image.data import Data
from services.image.imports import Imports
from services.image.manager import Manager
from services.image.sources import Sources
from services.image.trash import Trash
from storage.images import swift

CTX = context.RequestContext(project_id=ids.ProjectId("p1"), roles=frozenset({"member"}))
OTHER = context.RequestContext(project_id=ids.ProjectId("p2"), roles=frozenset({"member"}))
BYTES = b"boot" * 1000


class Body(io.BytesIO):
    """An upload."""

    length_bytes = len(BYTES)


class Service:
    """The verbs and the worker on a folder."""

    def __init__(
        self, settings: config.Settings, db: connection.Database, topics: queue.Queue
    ) -> None:
        image = dataclasses.replace(settings.image, store="file")
        self.settings = dataclasses.replace(settings, image=image)
        self.db, self.topics = db, topics
        self.folder = settings.home / "images"
        self.start()

    def start(self) -> None:
        settings, db = self.settings, self.db
        data = Data(settings, db, stores.open_stores(settings, _nowhere))
        objects = Sources(_nowhere)
        self.verbs = Images(settings, db, self.topics, data=data, objects=objects)
        self.manager = Manager(
            db, data, Imports(settings, db, data, objects=objects), Trash(settings, db)
        )

    def active(self) -> str:
        new = NewImage(name="disk", disk_format="raw", container_format="bare", tags=("a",))
        image_id = self.verbs.create(CTX, new).id
        self.verbs.upload(CTX, image_id, Body(BYTES))
        return image_id

    def work(self) -> None:
        for step, key, _ in list(tasks.due(self.manager)):
            tasks.steps(self.manager)[step](key)

    def pass_time(self) -> None:
        with self.db.transaction() as tx:
            tx.execute(
                "UPDATE images SET trashed_until = ? WHERE trashed_until IS NOT NULL",
                (clock.stamp(clock.now() - 1),),
            )

    def files(self) -> int:
        return len(list(self.folder.iterdir()))


def _nowhere() -> swift.Access:
    return swift.Access(url="http://127.0.0.1:1/v1/AUTH_x", headers={})


@pytest.fixture
def service(settings: config.Settings, db: connection.Database, topics: queue.Queue) -> Service:
    return Service(settings, db, topics)


@pytest.mark.parametrize("is_deactivated", [False, True])
def test_an_image_comes_back_as_it_was(service: Service, is_deactivated: bool) -> None:
    image_id = service.active()
    if is_deactivated:
        service.verbs.deactivate(CTX, image_id)
    before = service.verbs.show(CTX, image_id)
    service.verbs.delete(CTX, image_id)
    for _ in range(2):
        service.work()

    with pytest.raises(errors.NotFound):
        service.verbs.show(CTX, image_id)
    assert service.verbs.index(CTX, images.Query()) == []
    with pytest.raises(errors.NotFound):
        service.verbs.restore(OTHER, image_id, status=before.status)

    back = service.verbs.restore(CTX, image_id, status=before.status)

    assert (
        dataclasses.replace(back, updated_at=before.updated_at, request_id=before.request_id)
        == before
    )
    if not is_deactivated:
        assert b"".join(service.verbs.download(CTX, back)) == BYTES
    with pytest.raises(errors.Conflict, match="The image disk is not deleted"):
        service.verbs.restore(CTX, image_id, status=before.status)


def test_an_image_whose_time_is_over_is_gone_for_good(service: Service) -> None:
    image_id = service.active()
    service.verbs.delete(CTX, image_id)
    service.pass_time()
    with pytest.raises(errors.Gone):
        service.verbs.restore(CTX, image_id, status="active")
    service.work()

    assert (images.get(service.db, image_id).status, service.files()) == (ImageStatus.DELETED, 0)
    assert journal.newest(service.db, "p1")[0].state is EntryState.EXPIRED


def test_a_late_message_removes_nothing_that_may_come_back(service: Service) -> None:
    image_id = service.active()
    service.verbs.delete(CTX, image_id)
    service.manager.delete_data(image_id)

    assert service.files() == 1
    assert service.verbs.restore(CTX, image_id, status="active").status is ImageStatus.ACTIVE


def test_a_worker_that_was_killed_after_it_let_go_removes_the_bytes_in_its_next_life(
    service: Service,
) -> None:
    image_id = service.active()
    service.verbs.delete(CTX, image_id)
    service.pass_time()
    service.manager._trash.look()
    assert service.files() == 1
    with pytest.raises(errors.Gone):
        service.verbs.restore(CTX, image_id, status="active")
    service.start()
    service.work()

    assert (images.get(service.db, image_id).status, service.files()) == (ImageStatus.DELETED, 0)


def test_a_short_disk_keeps_no_images_that_were_deleted(service: Service) -> None:
    image_id = service.active()
    service.settings = dataclasses.replace(service.settings, trash=config.Trash(free_mib=1 << 40))
    service.start()
    service.verbs.delete(CTX, image_id)
    service.work()

    assert (images.get(service.db, image_id).status, service.files()) == (ImageStatus.DELETED, 0)


def test_what_never_was_an_image_is_not_kept(service: Service) -> None:
    image_id = service.verbs.create(CTX, NewImage(name="empty")).id
    service.verbs.delete(CTX, image_id)

    entry = journal.newest(service.db, "p1")[0]
    assert (entry.state, entry.reason) == (EntryState.FINAL, "it was queued")
