"""Every action of the interface, once: bindings, hints, help, palette and lines are made of it.

An action either makes an API call for each chosen object (``call``, shown as ``cli`` too) or
does something on the screen (``does``, a Textual action). It draws nothing and sends nothing.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal

from tui.client import nouns, verbs
from tui.client.call import Call

View = Literal[
    "everywhere",
    "lists",
    "home",
    "instances",
    "images",
    "volumes",
    "services",
    "traces",
    "theatre",
]


class Level(IntEnum):
    """How much an action destroys, and so how it is confirmed."""

    SAFE = 0
    REVERSIBLE = 1  # done at once; its inverse is another action
    ONE_OBJECT = 2  # one dialog, Enter means no
    FOR_GOOD = 3  # the name, or the count, must be typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The object an action works on."""

    id: str
    name: str
    noun: nouns.Noun | nouns.Request | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing a user can do; ``id`` is noun.verb and names the binding."""

    id: str
    keys: str
    label: str
    purpose: str
    views: tuple[View, ...]
    level: Level = Level.SAFE
    does: str = ""
    cli: Callable[[Target], tuple[str, ...]] | None = None
    call: Callable[[Target], Call] | None = None
    is_shown: bool = True


def _openstack(*words: str) -> Callable[[Target], tuple[str, ...]]:
    """A line of the OpenStack client; ``ID`` stands for the target."""
    return lambda target: ("openstack", *(target.id if word == "ID" else word for word in words))


def _curl(call: Callable[[Target], Call]) -> Callable[[Target], tuple[str, ...]]:
    """A line for what only novabox's own API has."""
    return lambda target: (
        "curl", "-X", call(target).method, "-H", "X-Auth-Token: $OS_TOKEN",
        f"$NOVABOX_URL{call(target).path}",
    )  # fmt: skip


def _pause_or_resume(target: Target) -> Call:
    is_paused = isinstance(target.noun, nouns.Topic) and target.noun.is_paused
    return verbs.resume_topic(target.id) if is_paused else verbs.pause_topic(target.id)


def _step(target: Target) -> Call:
    return verbs.step_topic(target.id)


def _go(key: str, view: View, *, purpose: str, cli: tuple[str, ...], call: Call) -> Action:
    return Action(
        id=f"go.{view}", keys=key, label=view, purpose=purpose,
        views=("everywhere",), is_shown=False,
        does=f"app.go('{view}')", cli=lambda _: cli, call=lambda _: call,
    )  # fmt: skip


_NAVIGATION: Final = (
    _go("1", "home", purpose="Is there room, is it healthy, what happens, what to do.",
        cli=("novabox", "status"), call=verbs.status()),
    _go("2", "instances", purpose="The servers of this project.",
        cli=("openstack", "server", "list"), call=verbs.servers()),
    _go("3", "images", purpose="What instances are made of.",
        cli=("openstack", "image", "list"), call=verbs.images()),
    _go("5", "volumes", purpose="Disks that outlive the instances that have them.",
        cli=("openstack", "volume", "list"), call=verbs.volumes()),
    _go("7", "services", purpose="The processes of the cloud and the queues between them.",
        cli=("novabox", "status"), call=verbs.services()),
    _go("9", "traces", purpose="The requests of late, and the way each went.",
        cli=("novabox", "trace"), call=verbs.requests(100)),
)  # fmt: skip

_INSTANCES: Final = (
    Action(
        id="instance.run", keys="n", label="run", views=("home", "instances"),
        purpose="Run an instance: choose, look at the request, send it.",
        does="app.run_form", cli=_openstack("server", "create"),
        call=lambda _: verbs.create_server({}),
    ),
    Action(
        id="instance.log", keys="l", label="log", views=("instances",),
        purpose="Show or hide the console log of the instance.", does="screen.toggle_log",
        cli=_openstack("console", "log", "show", "ID"),
        call=lambda target: verbs.console_output(target.id, lines=200),
    ),
    Action(
        id="instance.start", keys="S", label="start", views=("instances",),
        purpose="Start a stopped instance.", level=Level.REVERSIBLE,
        cli=_openstack("server", "start", "ID"), call=lambda target: verbs.start_server(target.id),
    ),
    Action(
        id="instance.stop", keys="T", label="stop", views=("instances",),
        purpose="Stop a running instance; its disk stays.", level=Level.REVERSIBLE,
        cli=_openstack("server", "stop", "ID"), call=lambda target: verbs.stop_server(target.id),
    ),
    Action(
        id="instance.reboot", keys="r", label="reboot", views=("instances",),
        purpose="Ask the guest to reboot.", level=Level.REVERSIBLE,
        cli=_openstack("server", "reboot", "ID"),
        call=lambda target: verbs.reboot_server(target.id),
    ),
    Action(
        id="instance.terminate", keys="ctrl+d", label="terminate", views=("instances",),
        purpose="The guest and its local disk are gone for good.",
        level=Level.FOR_GOOD, cli=_openstack("server", "delete", "ID"),
        call=lambda target: verbs.delete_server(target.id),
    ),
)  # fmt: skip

_IMAGES: Final = (
    Action(
        id="image.run", keys="r", label="run from it", views=("images",),
        purpose="Run an instance from the image.", does="app.run_form",
        cli=_openstack("server", "create", "--image", "ID"),
        call=lambda target: verbs.create_server({"imageRef": target.id}),
    ),
    Action(
        id="image.delete", keys="ctrl+d", label="delete", views=("images",),
        purpose="The image is gone; instances made of it keep running.",
        level=Level.ONE_OBJECT, cli=_openstack("image", "delete", "ID"),
        call=lambda target: verbs.delete_image(target.id),
    ),
)  # fmt: skip


def _server_of(target: Target) -> str:
    return (isinstance(target.noun, nouns.Volume) and target.noun.instance_id) or "-"


_VOLUMES: Final = (
    Action(
        id="volume.detach", keys="ctrl+e", label="detach", views=("volumes",),
        purpose="Take the volume from its instance; what it holds stays.", level=Level.ONE_OBJECT,
        cli=lambda target: ("openstack", "server", "remove", "volume", _server_of(target),
                            target.id),
        call=lambda target: verbs.detach_volume(_server_of(target), target.id),
    ),
    Action(
        id="volume.delete", keys="ctrl+d", label="delete", views=("volumes",),
        purpose="The volume and all it holds are gone for good.", level=Level.FOR_GOOD,
        cli=_openstack("volume", "delete", "ID"),
        call=lambda target: verbs.delete_volume(target.id),
    ),
)  # fmt: skip

_TOPICS: Final = (
    Action(
        id="topic.pause", keys="p", label="pause/resume", views=("services",),
        purpose="Pause the queue, so that its messages wait and can be looked at; or resume it.",
        level=Level.REVERSIBLE, cli=_curl(_pause_or_resume), call=_pause_or_resume,
    ),
    Action(
        id="topic.step", keys="o", label="let one through", views=("services",),
        purpose="Let one message of the paused queue through.",
        level=Level.REVERSIBLE, cli=_curl(_step), call=_step,
    ),
)  # fmt: skip

_TRACES: Final = (
    Action(
        id="request.trace", keys="t", label="trace",
        views=("home", "instances", "volumes", "traces"),
        purpose="Follow the request that last changed this, hop by hop.",
        does="app.trace", cli=lambda target: ("novabox", "trace", request_of(target)),
        call=lambda target: verbs.request(request_of(target)),
    ),
)  # fmt: skip

_LISTS: Final = (
    Action(id="list.filter", keys="/", label="filter", views=("lists",), does="screen.filter",
           purpose="Show only rows that match: word, !word, column:value; words add up."),
    Action(id="list.sort", keys="s", label="sort", views=("lists",), does="screen.sort",
           purpose="Sort by the next column.", is_shown=False),
    Action(id="list.mark", keys="space", label="mark", views=("lists",), does="screen.mark",
           purpose="Mark the row: actions work on all marked rows.", is_shown=False),
    Action(id="list.copy", keys="y", label="copy id", views=("lists",), does="screen.copy_id",
           purpose="Copy the object's id.", is_shown=False),
    Action(id="list.copy_line", keys="Y", label="copy line", views=("lists",),
           does="screen.copy_line", purpose="Copy the shell line that shows this object.",
           is_shown=False),
)  # fmt: skip

_EVERYWHERE: Final = (
    Action(id="app.command", keys="colon", label="go", views=("everywhere",), does="app.command",
           purpose="Go to a screen or give a command: instances state:error, images, trace req-…"),
    Action(id="app.help", keys="question_mark", label="keys", views=("everywhere",),
           does="app.help", purpose="The keys of this screen, and the line each one stands for."),
    Action(id="app.palette", keys="ctrl+p", label="palette", views=("everywhere",),
           does="app.palette", purpose="Find any action or object by a part of its name."),
    Action(id="app.back", keys="escape", label="back", views=("everywhere",), does="app.back",
           purpose="Close what is on top, else clear the filter and the marks.", is_shown=False),
    Action(id="app.reconnect", keys="ctrl+r", label="reconnect", views=("everywhere",),
           does="app.reconnect", purpose="Ask for everything anew.", is_shown=False),
    Action(id="app.quit", keys="ctrl+q", label="quit", views=("everywhere",), does="app.quit",
           purpose="Leave; the cloud goes on."),
)  # fmt: skip

REGISTRY: Final = (
    *_INSTANCES, *_IMAGES, *_VOLUMES, *_TOPICS, *_TRACES, *_LISTS, *_NAVIGATION, *_EVERYWHERE,
)  # fmt: skip

BY_ID: Final = {action.id: action for action in REGISTRY}


def of_view(*views: View) -> list[Action]:
    """Return the actions of the views in the registry's order: most used first."""
    return [action for action in REGISTRY if set(views) & set(action.views)]


def request_of(target: Target) -> str:
    """Return the id of the request that last changed the target, or an empty text."""
    if isinstance(target.noun, nouns.Request):
        return target.noun.id
    if isinstance(target.noun, nouns.Instance | nouns.Volume):
        return target.noun.request_id or ""
    return ""


def shell_line(action: Action, target: Target) -> str:
    """Return the equivalent shell line, quoted, or an empty text for what is only on screen."""
    return "" if action.cli is None else quote(action.cli(target))


def quote(words: Iterable[str]) -> str:
    """Return words as one shell line; variables stay variables."""
    return " ".join(f'"{word}"' if "$" in word else shlex.quote(word) for word in words)
