"""What can be done to volumes and their snapshots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from tui.actions.action import (
    Action,
    Level,
    Offers,
    Question,
    Target,
    deleting,
    openstack,
    reader,
)
from tui.client import nouns, verbs
from tui.client.call import Call
from tui.client.nouns import Instance, Snapshot, Volume
from tui.client.verbs import block_storage
from tui.client.verbs.block_storage import Kept
from tui.store import Store


def _kind(target: Target) -> Kept:
    return "snapshot" if isinstance(target.noun, Snapshot) else "volume"


def _answer(target: Target, name: str) -> str:
    return target.answers.get(name) or name.upper()


def _server_of(target: Target) -> str:
    return (isinstance(target.noun, Volume) and target.noun.instance_id) or "-"


def _size_of(target: Target) -> int:
    return target.noun.size_gib if isinstance(target.noun, Volume | Snapshot) else 1


def _wanted_gib(target: Target) -> int:
    text = target.answers.get("size", "")
    return int(text) if text.isdigit() else _size_of(target)


def _free(volume: Volume) -> bool:
    return volume.status == "available"


def _held(volume: Volume) -> bool:
    return volume.instance_id is not None


def _running(store: Store, target: Target) -> Sequence[nouns.Choice]:
    return [
        nouns.Choice(id=item.id, name=item.name, note=item.vm_state or "")
        for item in store.all(Instance)
        if item.vm_state in ("active", "stopped", "paused")
    ]


def _sources(store: Store, target: Target) -> Sequence[nouns.Choice]:
    """What a new volume can begin with; the id says of which kind it is."""
    images = [
        nouns.Choice(id=f"image {item.id}", name=item.name or item.id, note="image")
        for item in store.all(nouns.Image)
        if item.status == "active" and item.disk_format not in ("aki", "ari")
    ]
    snapshots = [
        nouns.Choice(id=f"snapshot {item.id}", name=item.name or item.id[:8],
                     note=f"snapshot, {item.size_gib} GiB")
        for item in store.all(Snapshot)
    ]  # fmt: skip
    return [*snapshots, *images]


_SOURCE: Final = {"image": ("imageRef", "--image"), "snapshot": ("snapshot_id", "--snapshot")}


def _source(target: Target) -> tuple[str, str, str] | None:
    """Return field, option and id of what a new volume begins with."""
    kind, _, key = target.answers.get("source", "").partition(" ")
    return (*_SOURCE[kind], key) if kind in _SOURCE else None


def _new(target: Target) -> Call:
    volume: dict[str, Any] = {"name": _answer(target, "name"), "size": _wanted_gib(target)}
    if source := _source(target):
        volume[source[0]] = source[2]
    return block_storage.create_volume(volume)


def _new_line(target: Target) -> tuple[str, ...]:
    source = _source(target)
    begins = source[1:] if source else ()
    size = str(_wanted_gib(target))
    return ("openstack", "volume", "create", "--size", size, *begins, _answer(target, "name"))


def _made_from(field: str, option: str) -> tuple[Callable[[Target], Call],
                                                 Callable[[Target], tuple[str, ...]]]:  # fmt: skip
    def call(target: Target) -> Call:
        volume = {"name": _answer(target, "name"), "size": _wanted_gib(target), field: target.id}
        return block_storage.create_volume(volume)

    def line(target: Target) -> tuple[str, ...]:
        return ("openstack", "volume", "create", option, target.id, "--size",
                str(_wanted_gib(target)), _answer(target, "name"))  # fmt: skip

    return call, line


_RESTORE, _RESTORE_LINE = _made_from("snapshot_id", "--snapshot")
_CLONE, _CLONE_LINE = _made_from("source_volid", "--source")


def _delete(target: Target) -> Call:
    if isinstance(target.noun, Snapshot):
        return block_storage.delete_snapshot(target.id)
    return block_storage.delete_volume(target.id)


def _is_bootable(target: Target) -> bool:
    return isinstance(target.noun, Volume) and target.noun.is_bootable


def _openstack(
    verb: str, option: str = "", value: Callable[[Target], str] = lambda _: ""
) -> Callable[[Target], tuple[str, ...]]:
    """Return a line of ``openstack volume``, or for a snapshot of ``openstack volume snapshot``."""

    def line(target: Target) -> tuple[str, ...]:
        noun = ("volume", "snapshot") if _kind(target) == "snapshot" else ("volume",)
        told = (option, value(target)) if option else ()
        return ("openstack", *noun, verb, *told, target.id)

    return line


def _asked(name: str) -> Callable[[Target], str]:
    return lambda target: _answer(target, name)


def _pair(target: Target) -> str:
    return f"{_answer(target, 'key')}={_answer(target, 'value')}"


_NAME: Final = Question(name="name", label="Name", default=lambda target: target.name)
_SIZE: Final = Question(
    name="size", label="Size, GiB", kind="number", default=lambda target: str(_size_of(target))
)

ACTIONS: Final = (
    Action(
        id="volume.new", keys="n", label="new", views=("volumes",), makes=True,
        purpose="Make a volume: empty, or with what a snapshot or an image holds.",
        asks=(Question(name="name", label="Name"), _SIZE,
              Question(name="source", label="Begins with", kind="choice", is_optional=True,
                       among=_sources)),
        cli=_new_line, call=_new,
    ),
    Action(
        id="volume.attach", keys="V", label="attach", views=("volumes",), takes=(Volume,),
        purpose="Give the volume to an instance.", suits=_free, level=Level.REVERSIBLE,
        asks=(Question(name="server", label="Instance", kind="choice", among=_running),),
        cli=lambda target: ("openstack", "server", "add", "volume", _answer(target, "server"),
                            target.id),
        plan=lambda target: verbs.planning.plan_attach(_answer(target, "server"), target.id),
        call=lambda target: verbs.compute.attach_volume(_answer(target, "server"), target.id),
    ),
    Action(
        id="volume.detach", keys="ctrl+e", label="detach", views=("volumes",), takes=(Volume,),
        purpose="Take the volume from its instance; what it holds stays.", suits=_held,
        level=Level.ONE_OBJECT,
        cli=lambda target: ("openstack", "server", "remove", "volume", _server_of(target),
                            target.id),
        plan=lambda target: verbs.planning.plan_detach(_server_of(target), target.id),
        call=lambda target: verbs.compute.detach_volume(_server_of(target), target.id),
    ),
    Action(
        id="volume.snapshot", keys="p", label="snapshot", views=("volumes",), takes=(Volume,),
        purpose="Keep what the volume holds now, also while an instance writes to it.",
        asks=(Question(name="name", label="Name"),),
        cli=lambda target: ("openstack", "volume", "snapshot", "create", "--force", "--volume",
                            target.id, _answer(target, "name")),
        call=lambda target: block_storage.create_snapshot(target.id, _answer(target, "name")),
    ),
    Action(
        id="snapshot.restore", keys="R", label="restore to new", views=("volumes",),
        takes=(Snapshot,),
        purpose="Make a volume of what the snapshot holds; the volume it was taken of stays.",
        asks=(_NAME, _SIZE), cli=_RESTORE_LINE, call=_RESTORE,
    ),
    Action(
        id="volume.resize", keys="r", label="resize", views=("volumes",), takes=(Volume,),
        purpose="Make the volume larger, never smaller; its guest must grow its file system.",
        asks=(_SIZE,),
        cli=lambda target: ("openstack", "volume", "set", "--size", str(_wanted_gib(target)),
                            target.id),
        call=lambda target: block_storage.extend_volume(target.id, _wanted_gib(target)),
    ),
    Action(
        id="volume.clone", keys="C", label="clone", views=("volumes",), takes=(Volume,),
        purpose="Make another volume with the same content.", is_shown=False,
        asks=(_NAME, _SIZE), cli=_CLONE_LINE, call=_CLONE,
    ),
    Action(
        id="volume.rename", keys="e", label="rename", views=("volumes",), is_shown=False,
        takes=(Volume, Snapshot), purpose="Give the volume or the snapshot another name.",
        asks=(_NAME,), cli=_openstack("set", "--name", _asked("name")),
        call=lambda target: block_storage.describe(
            _kind(target), target.id, name=_answer(target, "name")),
    ),
    Action(
        id="volume.describe", keys="E", label="describe", views=("volumes",), is_shown=False,
        takes=(Volume, Snapshot), purpose="Say what the volume or the snapshot is for.",
        asks=(Question(name="description", label="Is for"),),
        cli=_openstack("set", "--description", _asked("description")),
        call=lambda target: block_storage.describe(
            _kind(target), target.id, name=target.name,
            description=_answer(target, "description")),
    ),
    Action(
        id="volume.bootable", keys="B", label="bootable or not", views=("volumes",),
        takes=(Volume,), is_shown=False,
        purpose="Say whether instances can be started from the volume; the other than now.",
        cli=lambda target: ("openstack", "volume", "set",
                            "--non-bootable" if _is_bootable(target) else "--bootable", target.id),
        call=lambda target: block_storage.set_bootable(
            target.id, is_bootable=not _is_bootable(target)),
    ),
    Action(
        id="volume.set_metadata", keys="m", label="set metadata", views=("volumes",),
        takes=(Volume, Snapshot), is_shown=False,
        purpose="Note a pair on the volume or the snapshot.",
        asks=(Question(name="key", label="Key"), Question(name="value", label="Value")),
        cli=_openstack("set", "--property", _pair),
        call=lambda target: block_storage.set_metadata(
            _kind(target), target.id, _answer(target, "key"), _answer(target, "value")),
    ),
    Action(
        id="volume.delete_metadata", keys="ctrl+g", label="delete metadata", views=("volumes",),
        takes=(Volume, Snapshot), is_shown=False, level=Level.ONE_OBJECT,
        purpose="Forget a pair of the volume or the snapshot.",
        asks=(Question(name="key", label="Key", kind="choice", offers=Offers(
            call=lambda target: block_storage.metadata(_kind(target), target.id),
            read=reader("metadata_choices"))),),
        cli=_openstack("unset", "--property", _asked("key")),
        call=lambda target: block_storage.delete_metadata(
            _kind(target), target.id, _answer(target, "key")),
    ),
    Action(
        id="volume.delete", keys="ctrl+d", label="delete", views=("volumes",),
        takes=(Volume, Snapshot),
        level=Level.ONE_OBJECT,
        purpose="The volume, or the snapshot, goes to the trash: for ten minutes z brings it back.",
        cli=_openstack("delete"), call=_delete,
        plan=lambda target: deleting(_kind(target))(target),
    ),
    Action(
        id="volume.delete_all", keys="ctrl+x", label="delete with snapshots", views=("volumes",),
        takes=(Volume,), is_shown=False,
        level=Level.FOR_GOOD,
        purpose="The volume and its snapshots go to the trash: for ten minutes z undoes it.",
        cli=openstack("volume", "delete", "--purge", "ID"),
        call=lambda target: block_storage.delete_volume(target.id, is_with_snapshots=True),
    ),
)  # fmt: skip
