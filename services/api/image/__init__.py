"""Image v2 (Glance): translation only. `face` is everything under `/image`."""

from appliance import config, queue
from appliance.db import connection
from services.api.image import (
    data,
    images,
    imports,
    info,
    members,
    metadef_schemas,
    metadefs,
    tasks,
    versions,
)
from services.http import endpoint, faults
from services.identity.api import Identity
from services.image import api
from services.image.api import Images
from storage.images import swift


def open_images(
    settings: config.Settings,
    db: connection.Database,
    topics: queue.Queue,
    identity: Identity,
) -> Images:
    """The image service's verbs, on stores that this process reaches as user `glance`."""

    def account() -> swift.Access:
        token = identity.service_token("glance")
        project_id = identity.resolve(token).project_id
        url = f"{settings.object_url}/v1/AUTH_{project_id}"
        return swift.Access(url=url, headers={"X-Auth-Token": token})

    return api.open_images(settings, db, topics, account)


def face(settings: config.Settings, verbs: Images) -> endpoint.Face:
    """The API; its endpoints in the order in which they are tried."""
    paths = (
        *versions.paths(),
        *images.paths(
            verbs,
            page_max=settings.api.page_max,
            has_locations=settings.image.show_locations,
        ),
        *data.paths(verbs),
        *members.paths(verbs.members),
        *imports.paths(verbs.imports),
        *tasks.paths(verbs, page_max=settings.api.page_max),
        *metadefs.paths(verbs.metadefs),
        *metadef_schemas.paths(),
        *info.paths(settings),
    )
    return endpoint.Face(
        prefix="/image",
        fault=faults.glance,
        paths=paths,
        service_types=("image",),
        keeps_slash=True,
    )
