"""The image service on a real database and queue, with its bytes in a folder."""

import dataclasses

import pytest

from appliance import config, context, ids, queue
from appliance.db import connection
from services.image import stores
from services.image.api import Images, NewImage
from services.image.data import Data
from services.image.imports import Imports
from services.image.manager import Manager
from services.image.sources import Sources
from services.image.trash import Trash
from storage.images import swift
from tests.services.image.parts import Parts


@pytest.fixture
def parts(settings: config.Settings, db: connection.Database, topics: queue.Queue) -> Parts:
    image = dataclasses.replace(settings.image, store="file", size_bytes_max=1 << 20)
    settings = dataclasses.replace(settings, image=image, trash=config.Trash(kept_s=0))
    by_name = stores.open_stores(settings, _nowhere)
    data = Data(settings, db, by_name)
    objects = Sources(_nowhere)
    return Parts(
        db=db,
        data=data,
        verbs=Images(settings, db, topics, data=data, objects=objects),
        manager=Manager(
            db, data, Imports(settings, db, data, objects=objects), Trash(settings, db)
        ),
        folder=settings.home / "images",
        ctx=context.RequestContext(project_id=ids.ProjectId("p1"), roles=frozenset({"member"})),
    )


def _nowhere() -> swift.Access:
    """An object store that does not answer."""
    return swift.Access(url="http://127.0.0.1:1/v1/AUTH_x", headers={})


@pytest.fixture
def image_id(parts: Parts) -> str:
    """A queued raw image."""
    return parts.verbs.create(
        parts.ctx, NewImage(name="disk", disk_format="raw", container_format="bare")
    ).id
