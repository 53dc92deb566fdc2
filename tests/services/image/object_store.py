"""The image service beside a real object store, in which users put what shall become images."""

import dataclasses
from pathlib import Path

from appliance import context
from appliance.db import connection, images, projects
from appliance.model.image import Image
from appliance.queue import Queue
from services.identity.api import Identity
from services.image import certificate, stores, tasks
from services.image.api import Images
from services.image.data import Data
from services.image.imports import Imports
from services.image.manager import Manager
from services.image.sources import Sources
from services.image.trash import Trash
from storage.images import swift
from tests import client
from tests.system.object_process import ObjectProcess

SIZE_BYTES_MAX = 1 << 20


class ObjectStore:
    """One object store, with the image service's parts around it; images lie in a folder."""

    def __init__(self, home: Path) -> None:
        self.process = ObjectProcess(home)
        image = dataclasses.replace(
            self.process.settings.image, store="file", size_bytes_max=SIZE_BYTES_MAX
        )
        self.settings = dataclasses.replace(self.process.settings, image=image)
        self.db = connection.open_db(home)
        self.topics = Queue(self.settings)
        self.is_away = False
        certificate.ensure(self.settings.etc_dir)
        self._identity = Identity(self.settings, self.db)
        self._glance = self._identity.service_token("glance")
        objects = Sources(self._account)
        data = Data(self.settings, self.db, stores.open_stores(self.settings, self._account))
        self.verbs = Images(self.settings, self.db, self.topics, data=data, objects=objects)
        imports = Imports(self.settings, self.db, data, objects=objects)
        self.manager = Manager(self.db, data, imports, Trash(self.settings, self.db))

    def ctx(self, user: str) -> context.RequestContext:
        """A request of one of the cloud's users."""
        return self._identity.resolve(self._identity.service_token(user))

    def put(
        self, objects: dict[str, bytes], *, user: str = "demo", container: str = "images"
    ) -> None:
        """Upload objects as a user."""
        project_id = self.ctx(user).project_id
        account = f"{self.settings.object_url}/v1/AUTH_{project_id}"
        headers = {"X-Auth-Token": self._identity.service_token(user)}
        for path, data in {"": b"", **{f"/{name}": data for name, data in objects.items()}}.items():
            answer = client.ask("PUT", f"{account}/{container}{path}", data, headers=headers)
            assert answer.status in (201, 202), answer

    def image(self, image_id: str) -> Image:
        """The row as it is now."""
        return images.get(self.db, image_id)

    def work(self) -> None:
        """One round of the worker: a step's error is in the row, the trace and the log."""
        self.topics.once("image", tasks.steps(self.manager), sweep=lambda: tasks.due(self.manager))

    def files(self) -> list[Path]:
        """What lies in the store of images."""
        return list((self.settings.home / "images").iterdir())

    def close(self) -> None:
        """End it."""
        self.process.stop()
        self.db.close()

    def _account(self) -> swift.Access:
        port = 1 if self.is_away else self.settings.object.port
        project = projects.find_by_name(self.db, "service")
        assert project is not None
        url = f"http://127.0.0.1:{port}/v1/AUTH_{project.id}"
        return swift.Access(url=url, headers={"X-Auth-Token": self._glance})
