"""What can be done to containers and objects, and to images in the same way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tui.actions.action import Action, Level, Offers, Question, Target, deleting, reader
from tui.actions.image import VIEWS
from tui.client import nouns
from tui.client.call import Call
from tui.client.nouns import Entry, Image
from tui.client.verbs import image, object_store

_NOWHERE: Final = Entry(kind="object", container="CONTAINER", name="OBJECT")


def entry_of(target: Target) -> Entry:
    """Return the line of a listing that the target is."""
    return target.noun if isinstance(target.noun, Entry) else _NOWHERE


def _answer(target: Target, name: str) -> str:
    return target.answers.get(name) or name.upper()


def _is_container(entry: Entry) -> bool:
    return entry.kind == "container"


def _is_object(entry: Entry) -> bool:
    return entry.kind == "object"


def _has_bytes(noun: Image | Entry) -> bool:
    return noun.kind == "object" if isinstance(noun, Entry) else noun.status == "active"


def _line(verb: str, *words: Callable[[Target], str] | str) -> Callable[[Target], tuple[str, ...]]:
    """Return a line of ``openstack container`` or ``openstack object``."""

    def line(target: Target) -> tuple[str, ...]:
        entry = entry_of(target)
        told = [word if isinstance(word, str) else word(target) for word in words]
        if entry.kind == "container":
            return ("openstack", "container", verb, *told, entry.container)
        return ("openstack", "object", verb, *told, entry.container, entry.name)

    return line


def _get_line(target: Target) -> tuple[str, ...]:
    if isinstance(target.noun, Image):
        return ("openstack", "image", "save", "--file", target.name, target.id)
    return _line("save")(target)


def _get(target: Target) -> Call:
    entry = entry_of(target)
    if isinstance(target.noun, Image):
        return image.download_image(target.id)
    return object_store.get_object(entry.container, entry.name)


def _is_public(target: Target) -> bool:
    return isinstance(target.noun, Image) and target.noun.visibility == "public"


def _publish(target: Target) -> Call:
    if isinstance(target.noun, Image):
        wanted = "private" if _is_public(target) else "public"
        return image.change_image(target.id, "visibility", wanted)
    is_open = target.answers.get("read") != "no"
    acl = object_store.READ_BY_ALL if is_open else ""
    return object_store.set_container(entry_of(target).container, {"X-Container-Read": acl})


def _publish_line(target: Target) -> tuple[str, ...]:
    if isinstance(target.noun, Image):
        option = "--private" if _is_public(target) else "--public"
        return ("openstack", "image", "set", option, target.id)
    return ("swift", "post", "-r", object_store.READ_BY_ALL, entry_of(target).container)


def _delete(target: Target) -> Call:
    entry = entry_of(target)
    if isinstance(target.noun, Image):
        return image.delete_image(target.id)
    if entry.kind == "container":
        return object_store.delete_container(entry.container)
    return object_store.delete_object(entry.container, entry.name)


def _plan(target: Target) -> Call | None:
    """The cloud foretells what becomes of an image; of an object there is nothing to say."""
    return deleting("image")(target) if isinstance(target.noun, Image) else None


def _delete_line(target: Target) -> tuple[str, ...]:
    if isinstance(target.noun, Image):
        return ("openstack", "image", "delete", target.id)
    return _line("delete")(target)


def _note(target: Target) -> Call:
    if isinstance(target.noun, Image):
        return image.change_image(target.id, _answer(target, "key"), _answer(target, "value"))
    header = {f"X-Container-Meta-{_answer(target, 'key')}": _answer(target, "value")}
    return object_store.set_container(entry_of(target).container, header)


def _note_line(target: Target) -> tuple[str, ...]:
    pair = f"{_answer(target, 'key')}={_answer(target, 'value')}"
    if isinstance(target.noun, Image):
        return ("openstack", "image", "set", "--property", pair, target.id)
    return _line("set", "--property", pair)(target)


def _container(header: str, name: str) -> Callable[[Target], Call]:
    return lambda target: object_store.set_container(
        entry_of(target).container, {header: target.answers.get(name, "")}
    )


def _swift_post(header: str, name: str) -> Callable[[Target], tuple[str, ...]]:
    return lambda target: (
        "swift", "post", "-H", f"{header}: {target.answers.get(name, '')}",
        entry_of(target).container,
    )  # fmt: skip


def _choices(*words: str) -> Callable[[object, Target], list[nouns.Choice]]:
    return lambda _store, _target: [nouns.Choice(id=word, name=word) for word in words]


ACTIONS: Final = (
    Action(
        id="container.new", keys="n", label="new container", views=VIEWS, makes=True,
        purpose="Make a container.", asks=(Question(name="container", label="Name"),),
        cli=lambda target: ("openstack", "container", "create", _answer(target, "container")),
        call=lambda target: object_store.create_container(_answer(target, "container")),
    ),
    Action(
        id="object.put", keys="p", label="put file", views=VIEWS, does="screen.put",
        purpose="Upload a file of this machine into the container that is open.",
        asks=(Question(name="file", label="File", hint="a path on this machine"),
              Question(name="name", label="As", is_optional=True, hint="the file's own name")),
        cli=lambda target: ("openstack", "object", "create", "--name", _answer(target, "name"),
                            entry_of(target).container, _answer(target, "file")),
        call=lambda target: object_store.put_object(
            entry_of(target).container, _answer(target, "name")),
    ),
    Action(
        id="object.get", keys="f", label="get", views=VIEWS, takes=(Image, Entry),
        purpose="Download the bytes into the folder the interface was started in.",
        suits=_has_bytes, does="screen.get", cli=_get_line, call=_get,
    ),
    Action(
        id="object.hexdump", keys="h", label="hexdump", views=VIEWS, takes=(Image, Entry),
        purpose="Look at the bytes, of any place and length.", suits=_has_bytes,
        does="screen.hexdump", cli=_get_line, call=_get,
    ),
    Action(
        id="object.verify", keys="K", label="verify", views=VIEWS, takes=(Image, Entry),
        purpose="Read all bytes and hold their checksum against the one that is written down.",
        suits=_has_bytes, does="screen.verify", cli=_get_line, call=_get,
    ),
    Action(
        id="object.walk", keys="W", label="walk to the bytes", views=VIEWS, takes=(Image, Entry),
        purpose="Go from the row to its object, its segments and their bytes, one Enter at a "
        "time.",
        suits=lambda noun: isinstance(noun, Image) or _is_object(noun),
        does="screen.walk", cli=_get_line, call=_get,
    ),
    Action(
        id="object.publish", keys="m", label="public or not", views=VIEWS, takes=(Image,),
        purpose="Let everybody see the image, or its project only: the other than now.",
        level=Level.REVERSIBLE, cli=_publish_line, call=_publish,
    ),
    Action(
        id="container.publish", keys="M", label="readable by all", views=VIEWS, takes=(Entry,),
        suits=_is_container, is_shown=False,
        purpose="Let everybody read the container without a token, or not.",
        asks=(Question(name="read", label="By all", kind="choice", among=_choices("yes", "no")),),
        cli=_publish_line, call=_publish,
    ),
    Action(
        id="object.copy", keys="c", label="copy", views=VIEWS, takes=(Entry,), suits=_is_object,
        purpose="Copy the object inside the store.", is_shown=False,
        asks=(Question(name="to", label="To", hint="container/name",
                       default=lambda target: entry_of(target).key),),
        cli=lambda target: ("swift", "copy", "-d", f"/{_answer(target, 'to')}",
                            entry_of(target).container, entry_of(target).name),
        call=lambda target: object_store.copy_object(
            entry_of(target).container, entry_of(target).name, to=_answer(target, "to")),
    ),
    Action(
        id="object.note", keys="o", label="set property", views=VIEWS, takes=(Image, Entry),
        purpose="Note a pair on the image or the container.", is_shown=False,
        suits=lambda noun: isinstance(noun, Image) or noun.kind == "container",
        asks=(Question(name="key", label="Key"), Question(name="value", label="Value")),
        cli=_note_line, call=_note,
    ),
    Action(
        id="image.forget", keys="ctrl+g", label="delete property", views=VIEWS, takes=(Image,),
        purpose="Take a property from the image.", level=Level.ONE_OBJECT, is_shown=False,
        asks=(Question(name="key", label="Key", kind="choice", offers=Offers(
            call=lambda target: image.image(target.id), read=reader("property_choices"))),),
        cli=lambda target: ("openstack", "image", "unset", "--property", _answer(target, "key"),
                            target.id),
        call=lambda target: image.forget_property(target.id, _answer(target, "key")),
    ),
    Action(
        id="container.versions", keys="v", label="keep versions", views=VIEWS, takes=(Entry,),
        purpose="Keep what is written over or deleted in the container, or not.",
        suits=_is_container, is_shown=False,
        asks=(Question(name="enabled", label="Keep", kind="choice",
                       among=_choices("true", "false")),),
        cli=_swift_post("X-Versions-Enabled", "enabled"),
        call=_container("X-Versions-Enabled", "enabled"),
    ),
    Action(
        id="container.quota", keys="Q", label="quota", views=VIEWS, takes=(Entry,),
        purpose="Say how many bytes the container may take; empty: any number.",
        suits=_is_container, is_shown=False,
        asks=(Question(name="bytes", label="Bytes", kind="number", is_optional=True),),
        cli=_swift_post("X-Container-Meta-Quota-Bytes", "bytes"),
        call=_container("X-Container-Meta-Quota-Bytes", "bytes"),
    ),
    Action(
        id="object.expire", keys="X", label="expire", views=VIEWS, takes=(Entry,),
        purpose="Have the object deleted by itself after so many seconds.", suits=_is_object,
        does="screen.expire", is_shown=False,
        asks=(Question(name="seconds", label="After, s", kind="number"),),
        cli=lambda target: ("swift", "post", "-H", f"X-Delete-After: {_answer(target, 'seconds')}",
                            entry_of(target).container, entry_of(target).name),
        call=lambda target: object_store.set_object(
            entry_of(target).container, entry_of(target).name,
            {"X-Delete-After": _answer(target, "seconds")}),
    ),
    Action(
        id="image.delete", keys="ctrl+d", label="delete", views=VIEWS, takes=(Image, Entry),
        purpose="The image or the object goes to the trash: for ten minutes z brings it back.",
        suits=lambda noun: isinstance(noun, Image) or noun.kind != "folder",
        level=Level.ONE_OBJECT, cli=_delete_line, call=_delete, plan=_plan,
    ),
)  # fmt: skip
