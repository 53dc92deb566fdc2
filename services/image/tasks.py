"""What the queue may ask of the image worker: steps that may run twice."""

from collections.abc import Iterator

from appliance import context, queue
from services.image.manager import Manager


def steps(manager: Manager) -> dict[str, queue.Step]:
    """Step name to function of the image's or task's id."""
    return {
        "import_data": manager.import_data,
        "copy_image": manager.copy_image,
        "delete_data": manager.delete_data,
        "repair_upload": manager.repair_upload,
    }


def due(manager: Manager) -> Iterator[queue.Due]:
    """What nobody is doing, for the requests that last changed those images."""
    manager.tidy()
    for step, key, request_id in manager.due():
        yield step, key, context.RequestContext(request_id=request_id)
