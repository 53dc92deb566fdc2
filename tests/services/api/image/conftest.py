"""The Image API and the worker behind it in one process; the bytes lie in two folders."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance import config, queue
from appliance.db import catalog, connection, images
from appliance.model.catalog import Endpoint, Service
from appliance.model.image import Image
from services.api import image as image_face
from services.http import answer, app
from services.image import stores, tasks
from services.image.api import Images
from services.image.data import Data
from services.image.imports import Imports
from services.image.manager import Manager
from services.image.sources import Sources
from services.image.trash import Trash
from storage.images import file, swift
from tests import asgi
from tests.services.api.image.clients import USERS, Client


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageCloud:
    """The users, and what happens behind their API."""

    settings: config.Settings
    db: connection.Database
    topics: queue.Queue
    verbs: Images
    manager: Manager
    users: dict[str, Client]

    def work(self) -> None:
        """One round of the worker: a step's error is in the row, the trace and the log."""
        self.topics.once("image", tasks.steps(self.manager), sweep=lambda: tasks.due(self.manager))

    def image(self, image_id: str) -> Image:
        """The row as it is now."""
        return images.get(self.db, image_id)

    def files(self, store: str = "images") -> list[Path]:
        """What lies in the stores `file` (`images`) and `swift`, and `staging`."""
        return sorted((self.settings.home / store).iterdir())


@pytest.fixture
def cloud(settings: config.Settings, db: connection.Database, topics: queue.Queue) -> ImageCloud:
    """With a second store, which is a folder as well."""
    settings = dataclasses.replace(
        settings,
        image=dataclasses.replace(settings.image, store="file", size_bytes_max=1 << 20),
        api=dataclasses.replace(settings.api, page_max=5),
        trash=config.Trash(kept_s=0),
    )
    by_name = {
        **stores.open_stores(settings, _nowhere),
        "swift": file.FileStore(settings.home / "swift"),
    }
    data, objects = Data(settings, db, by_name), Sources(_nowhere)
    verbs = Images(settings, db, topics, data=data, objects=objects)
    application = app.Application(
        [image_face.face(settings, verbs)], login=USERS.__getitem__, target="api",
        limits=answer.Limits(body_bytes_max=200_000),
    )  # fmt: skip
    client = asgi.client(application, raise_server_exceptions=False)
    _put_catalog(db, settings)
    return ImageCloud(
        settings=settings, db=db, topics=topics, verbs=verbs,
        manager=Manager(
            db, data, Imports(settings, db, data, objects=objects), Trash(settings, db)
        ),
        users={user: Client(client, user) for user in USERS},
    )  # fmt: skip


def _nowhere() -> swift.Access:
    return swift.Access(url="http://127.0.0.1:1/v1", headers={})


def _put_catalog(db: connection.Database, settings: config.Settings) -> None:
    """This cloud's Image API in region RegionOne, and another cloud's in another."""
    with db.transaction() as tx:
        catalog.services.create(tx, Service(id="s1", type="image", name="glance"))
        for region, url in (("RegionOne", f"{settings.api_url}/image"), ("far", "http://far")):
            tx.insert("regions", id=region)
            catalog.endpoints.create(
                tx, Endpoint(id=region, service_id="s1", interface="public", url=url,
                             region_id=region),
            )  # fmt: skip


@pytest.fixture
def demo(cloud: ImageCloud) -> Client:
    return cloud.users["demo"]


@pytest.fixture
def admin(cloud: ImageCloud) -> Client:
    return cloud.users["admin"]
