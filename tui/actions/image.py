"""What can be done to images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from tui.actions.action import Action, Level, Offers, Question, Target, openstack, reader
from tui.client import nouns, verbs
from tui.client.call import Call
from tui.client.nouns import Image
from tui.client.verbs import image as put
from tui.store import Store

VIEWS: Final = ("images", "objects")
_FORMATS: Final = ("qcow2", "raw", "vmdk", "vdi", "vhd", "vhdx", "iso", "ami", "aki", "ari")


def _answer(target: Target, name: str) -> str:
    return target.answers.get(name) or name.upper()


def _set(option: str, name: str) -> Callable[[Target], tuple[str, ...]]:
    return lambda target: ("openstack", "image", "set", option, _answer(target, name), target.id)


def _choices(*words: str) -> Callable[[Store, Target], Sequence[nouns.Choice]]:
    return lambda _store, _target: [nouns.Choice(id=word, name=word) for word in words]


def _yes(target: Target, name: str) -> bool:
    return target.answers.get(name, "yes") == "yes"


def _is_held_back(target: Target) -> bool:
    return isinstance(target.noun, Image) and target.noun.status == "deactivated"


def _has_data(image: Image) -> bool:
    return image.status in ("active", "deactivated")


def _hold_back(target: Target) -> Call:
    if _is_held_back(target):
        return put.reactivate_image(target.id)
    return put.deactivate_image(target.id)


def document(target: Target) -> dict[str, str]:
    """Return the new image that the form of an upload or an import asks for."""
    disk = _answer(target, "format")
    box = disk if disk in ("ami", "aki", "ari") else "bare"
    return {"name": _answer(target, "name"), "disk_format": disk, "container_format": box}


def _upload_line(target: Target) -> tuple[str, ...]:
    made = document(target)
    return ("openstack", "image", "create", "--file", _answer(target, "file"), "--disk-format",
            made["disk_format"], "--container-format", made["container_format"],
            made["name"])  # fmt: skip


def _import_line(target: Target) -> tuple[str, ...]:
    return ("openstack", "image", "import", "--method", "web-download", "--uri",
            _answer(target, "url"), target.id or "ID")  # fmt: skip


def _offered(reads: str, call: Callable[[str], Call]) -> Offers:
    return Offers(call=lambda target: call(target.id), read=reader(reads))


_NAME: Final = Question(name="name", label="Name", default=lambda target: target.name)
_FORMAT: Final = Question(name="format", label="Format", kind="choice", among=_choices(*_FORMATS))

ACTIONS: Final = (
    Action(
        id="image.run", keys="r", label="run from it", views=VIEWS, takes=(Image,),
        purpose="Run an instance from the image.", does="screen.run_from",
        cli=openstack("server", "create", "--image", "ID"),
        call=lambda target: verbs.compute.create_server({"imageRef": target.id}),
    ),
    Action(
        id="image.upload", keys="i", label="upload image", views=VIEWS,
        purpose="Make an image of a file on this machine.", does="screen.upload_image",
        asks=(Question(name="file", label="File", hint="a path on this machine"),
              Question(name="name", label="Name"), _FORMAT),
        cli=_upload_line, call=lambda target: put.create_image(document(target)),
    ),
    Action(
        id="image.import", keys="I", label="import image", views=VIEWS, is_shown=False,
        purpose="Have the cloud itself fetch an image from the web.", does="screen.import_image",
        asks=(Question(name="url", label="URL", hint="https://..."),
              Question(name="name", label="Name"), _FORMAT),
        cli=_import_line,
        call=lambda target: put.import_image(target.id or "ID", _answer(target, "url")),
    ),
    Action(
        id="image.volume", keys="V", label="make volume", views=VIEWS, takes=(Image,),
        purpose="Make a volume with what the image holds.", suits=_has_data, is_shown=False,
        asks=(_NAME, Question(name="size", label="Size, GiB", kind="number",
                              default=lambda _: "1")),
        cli=lambda target: ("openstack", "volume", "create", "--image", target.id, "--size",
                            _answer(target, "size"), _answer(target, "name")),
        call=lambda target: verbs.block_storage.create_volume({
            "name": _answer(target, "name"), "imageRef": target.id,
            "size": int(target.answers.get("size") or 1)}),
    ),
    Action(
        id="image.rename", keys="e", label="rename", views=VIEWS, takes=(Image,), is_shown=False,
        purpose="Give the image another name.", asks=(_NAME,), cli=_set("--name", "name"),
        call=lambda target: put.change_image(target.id, "name", _answer(target, "name")),
    ),
    Action(
        id="image.protect", keys="P", label="protect", views=VIEWS, takes=(Image,),
        purpose="Keep the image from being deleted, or no more.", is_shown=False,
        asks=(Question(name="protected", label="Protected", kind="choice",
                       among=_choices("yes", "no")),),
        cli=lambda target: ("openstack", "image", "set", "--protected"
                            if _yes(target, "protected") else "--unprotected", target.id),
        call=lambda target: put.change_image(target.id, "protected", _yes(target, "protected")),
    ),
    Action(
        id="image.hide", keys="H", label="hide", views=VIEWS, takes=(Image,), is_shown=False,
        purpose="Take the image out of the lists, or show it there again.",
        asks=(Question(name="hidden", label="Hidden", kind="choice",
                       among=_choices("yes", "no")),),
        cli=lambda target: ("openstack", "image", "set", "--hidden"
                            if _yes(target, "hidden") else "--unhidden", target.id),
        call=lambda target: put.change_image(target.id, "os_hidden", _yes(target, "hidden")),
    ),
    Action(
        id="image.hold_back", keys="D", label="hold back or not", views=VIEWS, takes=(Image,),
        purpose="Give the image's data to nobody, or again: the other than now.",
        suits=_has_data, level=Level.REVERSIBLE, is_shown=False,
        cli=lambda target: ("openstack", "image", "set", "--activate"
                            if _is_held_back(target) else "--deactivate", target.id),
        call=_hold_back,
    ),
    Action(
        id="image.tag", keys="T", label="tag", views=VIEWS, takes=(Image,), is_shown=False,
        purpose="Put a tag on the image.", asks=(Question(name="tag", label="Tag"),),
        cli=_set("--tag", "tag"),
        call=lambda target: put.tag_image(target.id, _answer(target, "tag")),
    ),
    Action(
        id="image.untag", keys="ctrl+t", label="untag", views=VIEWS, takes=(Image,),
        purpose="Take a tag from the image.", level=Level.ONE_OBJECT, is_shown=False,
        asks=(Question(name="tag", label="Tag", kind="choice",
                       offers=_offered("tag_choices", put.image)),),
        cli=lambda target: ("openstack", "image", "unset", "--tag", _answer(target, "tag"),
                            target.id),
        call=lambda target: put.untag_image(target.id, _answer(target, "tag")),
    ),
    Action(
        id="image.share", keys="S", label="share", views=VIEWS, takes=(Image,), is_shown=False,
        purpose="Let another project see the image, which is to accept it.",
        asks=(Question(name="project", label="Project", hint="its id"),),
        cli=lambda target: ("openstack", "image", "add", "project", target.id,
                            _answer(target, "project")),
        call=lambda target: put.share_image(target.id, _answer(target, "project")),
    ),
    Action(
        id="image.unshare", keys="ctrl+u", label="unshare", views=VIEWS, takes=(Image,),
        purpose="Let another project see the image no more.", level=Level.ONE_OBJECT,
        is_shown=False,
        asks=(Question(name="project", label="Project", kind="choice",
                       offers=_offered("member_choices", put.members)),),
        cli=lambda target: ("openstack", "image", "remove", "project", target.id,
                            _answer(target, "project")),
        call=lambda target: put.unshare_image(target.id, _answer(target, "project")),
    ),
    Action(
        id="image.accept", keys="A", label="accept or reject", views=VIEWS, takes=(Image,),
        purpose="Answer whether an image that is shared with this project comes into its lists.",
        is_shown=False,
        asks=(Question(name="project", label="Project", kind="choice",
                       offers=_offered("member_choices", put.members)),
              Question(name="status", label="Answer", kind="choice",
                       among=_choices("accepted", "rejected", "pending"))),
        cli=lambda target: ("openstack", "image", "set", "--project", _answer(target, "project"),
                            "--accept" if target.answers.get("status") == "accepted"
                            else "--reject", target.id),
        call=lambda target: put.answer_share(
            target.id, _answer(target, "project"), target.answers.get("status") or "accepted"),
    ),
)  # fmt: skip
