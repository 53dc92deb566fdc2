"""An image, down to its bytes in each store, the hosts' caches, and who is made of it."""

from appliance import context
from appliance.db import hosts, image_copies, images, instances, pages
from appliance.model.image import Image, ImageStatus
from services.api.cloud.xray import parts
from services.api.cloud.xray.node import Meaning, Node, checked, size, unknown
from services.api.cloud.xray.parts import Sources

_MEANING: dict[str, Meaning] = {
    ImageStatus.ACTIVE: "good",
    ImageStatus.DEACTIVATED: "off",
    ImageStatus.QUEUED: "off",
}


def tree(at: Sources, ctx: context.RequestContext, image_id: str) -> Node:
    """Everything that the image is made of; of who is made of it, whom `ctx` may see."""
    row = images.get(at.db, image_id)
    return Node(
        label=row.name or row.id, word=str(row.status), meaning=_MEANING.get(row.status, "busy"),
        detail=f"{row.disk_format}  {size(row.size_bytes) if row.size_bytes else 'no bytes yet'}",
        kind="image", id=row.id,
        children=(
            *_bytes(at, row),
            *(
                Node(label=f"copy in {copy.store}", word="whole", detail=copy.location)
                for copy in image_copies.of_image(at.db, row.id)
            ),
            *_caches(at, row),
            *_users(at, ctx, row),
            parts.row(
                "images", status=row.status, store=row.store, visibility=row.visibility,
                updated_at=row.updated_at, request_id=row.request_id,
            ),
            parts.waiting(at.queue, row.id),
        ),
    )  # fmt: skip


def _bytes(at: Sources, row: Image) -> list[Node]:
    if row.status not in (ImageStatus.ACTIVE, ImageStatus.DEACTIVATED) or not row.size_bytes:
        return []
    label = f"object in {row.store}"
    checksum = _checksum(row)
    if row.status is not ImageStatus.ACTIVE:
        return [Node(label=label, word="held back", meaning="off", detail=row.location or "")]
    look = at.looks.stored(row.id)
    if look.value is None:
        return [unknown(label, look.reason)]
    mismatch = "" if look.value["is_there"] else f"its bytes are not there: {look.value['reason']}"
    detail = f"{row.location}  {size(row.size_bytes)}"
    return [checked(label, mismatch, detail=detail, children=[checksum])]


def _checksum(row: Image) -> Node:
    if not row.checksum_md5:
        text = "nobody summed it: it is fetched by its address"
        return Node(label="checksum", word="not known", meaning="attention", detail=text)
    return Node(label="checksum", word="known", detail=f"md5 {row.checksum_md5}")


def _caches(at: Sources, row: Image) -> list[Node]:
    found = []
    for host in hosts.all_hosts(at.db):
        cached = at.looks.guests(host.name, "none").part("cached") or {}
        if row.id in cached:
            detail = f"compute/images/{row.id}  {size(cached[row.id])}"
            mismatch = ""
            if row.size_bytes and cached[row.id] != row.size_bytes:
                mismatch = (
                    f"{host.name} has {cached[row.id]} bytes of it, the row says {row.size_bytes}"
                )
            found.append(checked(f"cache on {host.name}", mismatch, word="cached", detail=detail))
    return found


def _users(at: Sources, ctx: context.RequestContext, row: Image) -> list[Node]:
    project_id = None if ctx.is_admin else ctx.project_id
    return [
        parts.instance(at.db, one.id)
        for one in pages.each(instances.of_project, at.db, project_id)
        if row.id in (one.image_id, one.kernel_id, one.ramdisk_id)
    ]
