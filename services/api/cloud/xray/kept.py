"""A container or an object, down to the rows and files that its bytes are in.

They have no row in the cloud's database: a path names them, and the object store says all.
"""

from typing import Final

from appliance import context, errors
from services.api.cloud.xray.looks import Json, Look
from services.api.cloud.xray.node import Node, checked, size, unknown
from services.api.cloud.xray.parts import Sources

KINDS: Final = ("container", "object")
_ACCOUNT: Final = "AUTH_"  # before a project's id


def container(at: Sources, ctx: context.RequestContext, path: str) -> Node:
    """Everything that a container is made of: `NAME`, of the caller's project; of an administrator
    of whichever has it. Raises NotFound.
    """
    look = _look(at, ctx, "container", path)
    found = look.value
    if found is None:
        return Node(label=path, kind="container", id=path, children=(unknown("file", look.reason),))
    return Node(
        label=found["name"], word="there", kind="container", id=path,
        detail=f"{_many(found['objects'])}, {size(found['size_bytes'])}  of {found['account']}  "
        f"since {found['made_at']}",
        children=(
            _file(found), *_counted(found), *_versions(found), *_archive(found),
            *((Node(label="encryption", word="default", detail="of whatever says nothing"),)
              if found["is_encrypted"] else ()),
        ),
    )  # fmt: skip


def object_(at: Sources, ctx: context.RequestContext, path: str) -> Node:
    """Everything that an object is made of: `CONTAINER/NAME`. Raises NotFound."""
    look = _look(at, ctx, "object", path)
    found = look.value
    if found is None:
        return Node(label=path, kind="object", id=path, children=(unknown("row", look.reason),))
    return Node(
        label=path, word="expired" if found["has_expired"] else "there", kind="object", id=path,
        meaning="off" if found["has_expired"] else "good",
        detail=f"{size(found['size_bytes'])}  {found['content_type']}  of {found['account']}",
        children=(
            Node(
                label="row", word="there",
                detail=f"{found['file']}  written {found['written_at']}  md5 {found['etag']}",
            ),
            *((_inline(found),) if found["is_inline"] else (_partition(found),)),
            *_said(found), *_segments(found), *_history(found),
            Node(label="container", kind="container", id=path.partition("/")[0]),
        ),
    )  # fmt: skip


def _look(at: Sources, ctx: context.RequestContext, kind: str, path: str) -> Look:
    """What the store says of the caller's own; an administrator's question may be anybody's.

    Raises NotFound when it says that there is none.
    """
    look = at.looks.kept(kind, f"{_ACCOUNT}{ctx.project_id}/{path}")
    if ctx.is_admin and look.value is not None and not look.value["is_there"]:
        look = at.looks.kept(kind, f"/{path}")
    if look.value is not None and not look.value["is_there"]:
        raise errors.NotFound(kind, path)
    return look


def _file(found: Json) -> Node:
    counted, mismatch = found["counted"], ""
    if counted and (counted["objects"], counted["size_bytes"]) != (
        found["objects"], found["size_bytes"],
    ):  # fmt: skip
        mismatch = (
            f"it has {_many(counted['objects'])} of {counted['size_bytes']} bytes, its count says "
            f"{found['objects']} of {found['size_bytes']}"
        )
    detail = f"{found['file']}  {size(found['file_bytes'])}"
    return checked("file", mismatch, detail=detail)


def _counted(found: Json) -> list[Node]:
    counted = found["counted"]
    if counted is None:
        return [Node(label="rows", word="too many", meaning="off", detail="they are not counted")]
    nodes = [
        Node(label="bytes in it", word=_many(counted["inline"])),
        Node(label="data files", word=_many(counted["objects"] - counted["inline"])),
    ]
    if counted["trashed"]:
        detail = f"{size(counted['trashed_bytes'])}  until they leave, an undo brings them back"
        word = _many(counted["trashed"])
        nodes.append(Node(label="trash", word=word, meaning="busy", detail=detail))
    return nodes


def _versions(found: Json) -> list[Node]:
    if not found["versioning"]:
        return []
    shelf = found["shelf"] or {"objects": 0, "size_bytes": 0}
    is_on = found["versioning"] == "Enabled"
    return [
        Node(
            label="versions", word="kept" if is_on else "suspended",
            meaning="good" if is_on else "off",
            detail=f"{shelf['objects']} that are not current  {size(shelf['size_bytes'])}",
        )
    ]  # fmt: skip


def _archive(found: Json) -> list[Node]:
    place = found["archive"]
    if not place:
        return []
    kept = place["sum"]
    mismatch = "" if kept else (
        f"the container {place['container']} is not there: nothing can be replaced; create it"
    )  # fmt: skip
    return [
        checked(
            f"archive {place['container']}", mismatch,
            word="history" if place["is_history"] else "stack",
            detail=f"{_many(kept['objects'])}  {size(kept['size_bytes'])}" if kept else "",
            kind="container", object_id=place["container"],
        )
    ]  # fmt: skip


def _inline(found: Json) -> Node:
    mismatch = "" if found["is_right"] else "its bytes are not those that were written"
    detail = f"in that row's file  {found['size_bytes']} bytes  xxh3 {found['xxh3']}"
    return checked("bytes", mismatch, word="whole", detail=detail)


def _partition(found: Json) -> Node:
    return Node(
        label=f"partition {found['partition']}", word=f"{found['replicas']} replicas",
        detail=f"xxh3 {found['xxh3']}",
        children=tuple(_copy(found, each) for each in found["copies"]),
    )  # fmt: skip


def _copy(found: Json, copy: Json) -> Node:
    file, mismatch = copy["found"], ""
    if copy["is_lost"]:
        mismatch = "the device is not there: mount it, or take it out of object.devices"
    elif file is None:
        mismatch = "the copy is not there; the auditor makes it again from another, if there is one"
    elif file["size_bytes"] != found["size_bytes"]:
        mismatch = f"the row says {found['size_bytes']} bytes, the file has {file['size_bytes']}"
    elif file["is_right"] is False:
        mismatch = "its bytes are not those that were written; the auditor will quarantine it"
    word = "there" if file and file["is_right"] is None else "whole"
    zone = f" of zone {copy['zone']}" if copy["zone"] else ""
    return checked(
        f"device {copy['device']}{zone}", mismatch, is_changing=not found["is_settled"],
        word=word if copy["is_home"] else "stands in", detail=copy["path"],
    )  # fmt: skip


def _said(found: Json) -> list[Node]:
    nodes = []
    if found["delete_at"]:
        word = "over" if found["has_expired"] else "will go"
        nodes.append(Node(label="expiry", word=word, meaning="busy", detail=found["delete_at"]))
    if found["link"]:
        nodes.append(
            Node(label="link to", word="there", detail=found["link"], kind="object",
                 id=found["link"])
        )  # fmt: skip
    if found["is_encrypted"]:
        nodes.append(Node(label="encryption", word="on", detail="under a key of its own"))
    return nodes


def _segments(found: Json) -> list[Node]:
    told = found["segments"]
    if told is None:
        return []
    label = "static large object" if told["is_static"] else "dynamic large object"
    children = [
        checked(f"segment {one['number']}", one["wrong"],
                detail=f"{one['path']}  {size(one['size_bytes'])}")
        for one in told["shown"]
    ]  # fmt: skip
    detail = f"{told['count']} segments  {size(told.get('size_bytes'))}"
    if told["count"] > len(children):
        detail += f"  {len(children)} of them:"
    return [checked(label, told["wrong"], detail=detail, children=children)]


def _history(found: Json) -> list[Node]:
    told = found["versions"]
    nodes = []
    if told["versioning"]:
        nodes.append(
            Node(
                label="versions", word=f"{len(told['newest'])}", detail="the newest first",
                children=tuple(_version(one) for one in told["newest"]),
            )
        )  # fmt: skip
    if told["trashed"]:
        text = "older ones that an undo brings back, until they leave it"
        nodes.append(Node(label="trash", word=str(told["trashed"]), meaning="busy", detail=text))
    return nodes


def _version(one: Json) -> Node:
    word = "current" if one["is_current"] else "delete marker" if one["is_marker"] else "older"
    return Node(
        label=f"version {one['id']}", word=word, meaning="good" if one["is_current"] else "off",
        detail=f"{size(one['size_bytes'])}  {one['modified_at']}",
    )  # fmt: skip


def _many(objects: int) -> str:
    return f"{objects} object" if objects == 1 else f"{objects} objects"
