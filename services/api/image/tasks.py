"""Tasks (Glance, api/v2/tasks.py), and the stores of an image."""

from typing import Any, Final

import msgspec

from appliance import errors
from appliance.db import image_tasks
from appliance.model.image_task import ImageTask, TaskStatus
from services.api.image import document, listing
from services.http import endpoint
from services.http.endpoint import Request, decoding, path
from services.image.api import Images

_FILTERS: Final[tuple[str, ...]] = ("type", "status", "image_id", "request_id")


class New(msgspec.Struct):
    """The body of `POST /tasks`."""

    type: str
    input: dict[str, Any]


def paths(verbs: Images, *, page_max: int) -> tuple[endpoint.Path, ...]:
    """Under `/image`."""
    each = _Face(verbs, page_max=page_max)
    return (
        path("/v2/images/{image_id}/tasks", GET=endpoint.endpoint(each.of_image)),
        path(
            "/v2/tasks",
            GET=endpoint.endpoint(each.index),
            POST=decoding(New, each.create, status=201),
        ),
        path("/v2/tasks/{task_id}", GET=endpoint.endpoint(each.show)),
        path(
            "/v2/stores/{store}/{image_id}",
            DELETE=endpoint.endpoint(each.delete_from_store, status=204),
        ),
    )


class _Face:
    def __init__(self, verbs: Images, *, page_max: int) -> None:
        self._verbs = verbs
        self._page_max = page_max

    def of_image(self, request: Request) -> dict[str, Any]:
        found = self._verbs.tasks(request.ctx, request.path["image_id"])
        return {"tasks": [_view(one) for one in found]}

    def index(self, request: Request) -> dict[str, Any]:
        where = {name: request.query[name] for name in _FILTERS if name in request.query}
        if where.get("status", TaskStatus.PENDING) not in set(TaskStatus):
            raise errors.BadRequest(f"Invalid status value: {where['status'][:50]}")
        page = _page(request, page_max=self._page_max)
        found = self._verbs.all_tasks(request.ctx, where, page=page)
        views = [_view(one) for one in found]
        for view in views:
            for name in ("input", "result", "message"):  # a list is short, as Glance's
                del view[name]
        links = listing.links(request, "tasks", [one.id for one in found], limit=page.limit)
        return {"tasks": views, **links}

    def show(self, request: Request) -> dict[str, Any]:
        return _view(self._verbs.task(request.ctx, request.path["task_id"]))

    def create(self, request: Request, body: New) -> dict[str, Any]:
        if body.type != "import":
            raise errors.BadRequest(f"Task type {body.type[:50]!r} is unknown: import.")
        uri, properties = body.input.get("import_from"), body.input.get("image_properties", {})
        if not isinstance(uri, str) or not isinstance(properties, dict):
            raise errors.BadRequest("Input does not contain 'import_from' and 'image_properties'.")
        new = document.parse(properties)
        return _view(self._verbs.add_task(request.ctx, new, uri)) | {"input": body.input}

    def delete_from_store(self, request: Request) -> None:
        self._verbs.delete_copy(request.ctx, request.path["image_id"], request.path["store"])


def _page(request: Request, *, page_max: int) -> image_tasks.Page:
    """Which part of the list is asked for. Raises BadRequest."""
    key, way = request.query.get("sort_key", "created_at"), request.query.get("sort_dir", "desc")
    if way not in ("asc", "desc") or key not in image_tasks.SORT_COLUMNS:
        known = ", ".join(image_tasks.SORT_COLUMNS)
        raise errors.BadRequest(f"Invalid sort {key}:{way}. The keys are {known}.")
    return image_tasks.Page(
        limit=listing.limit(request, page_max=page_max), marker=request.query.get("marker"),
        sort_column=key, is_ascending=way == "asc",
    )  # fmt: skip


def _view(task: ImageTask) -> dict[str, Any]:
    return {
        "id": task.id,
        "type": task.type,
        "status": task.status,
        "owner": task.project_id,
        "image_id": task.image_id,
        "user_id": task.user_id,
        "request_id": task.request_id,
        "input": task.input,
        "result": task.result,
        "message": task.message,
        "progress": {"done_bytes": task.done_bytes, "total_bytes": task.total_bytes},
        "created_at": f"{task.created_at[:19]}Z",
        "updated_at": f"{task.updated_at[:19]}Z",
        **({"expires_at": f"{task.expires_at[:19]}Z"} if task.expires_at else {}),
        "self": f"/v2/tasks/{task.id}",
        "schema": "/v2/schemas/task",
    }
