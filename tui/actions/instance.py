"""What can be done to instances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tui.actions.action import (
    Action,
    Level,
    Offers,
    Question,
    Target,
    deleting,
    novabox,
    openstack,
    reader,
)
from tui.client import nouns, verbs
from tui.store import Store


def _pair(target: Target) -> dict[str, str]:
    return {"key": "KEY", "value": "VALUE", **target.answers}


def _free_volumes(store: Store, target: Target) -> Sequence[nouns.Choice]:
    return [
        nouns.Choice(id=item.id, name=item.name or item.id, note=f"{item.size_gib} GiB")
        for item in store.all(nouns.Volume)
        if item.status == "available"
    ]


ACTIONS: Final = (
    Action(
        id="instance.run", keys="n", label="run", views=("home", "instances"),
        purpose="Run an instance: choose, look at the request, send it.",
        does="app.run_form", cli=openstack("server", "create"),
        call=lambda _: verbs.compute.create_server({}),
    ),
    Action(
        id="instance.log", keys="l", label="log", views=("instances",),
        purpose="Show or hide the console log of the instance.", does="screen.toggle_log",
        cli=openstack("console", "log", "show", "ID"),
        call=lambda target: verbs.compute.console_output(target.id, lines=200),
    ),
    Action(
        id="instance.console", keys="c", label="console", views=("instances",),
        purpose="Sit down at the serial console of the instance.", does="app.console",
        cli=novabox("console", "ID"),
        call=lambda target: verbs.novabox.console(target.id),
    ),
    Action(
        id="instance.start", keys="S", label="start", views=("instances",),
        purpose="Start a stopped instance.", level=Level.REVERSIBLE,
        cli=openstack("server", "start", "ID"),
        call=lambda target: verbs.compute.start_server(target.id),
    ),
    Action(
        id="instance.stop", keys="T", label="stop", views=("instances",),
        purpose="Stop a running instance; its disk stays.", level=Level.REVERSIBLE,
        cli=openstack("server", "stop", "ID"),
        call=lambda target: verbs.compute.stop_server(target.id),
    ),
    Action(
        id="instance.reboot", keys="r", label="reboot", views=("instances",),
        purpose="Ask the guest to reboot.", level=Level.REVERSIBLE,
        cli=openstack("server", "reboot", "ID"),
        call=lambda target: verbs.compute.reboot_server(target.id),
    ),
    Action(
        id="instance.reboot_hard", keys="R", label="hard reboot", views=("instances",),
        purpose="Cut the guest's power and start it again.", level=Level.REVERSIBLE,
        cli=openstack("server", "reboot", "--hard", "ID"), is_shown=False,
        call=lambda target: verbs.compute.reboot_server_hard(target.id),
    ),
    Action(
        id="instance.rename", keys="e", label="rename", views=("instances",),
        purpose="Give the instance another name; the guest's own host name stays.",
        asks=(Question(name="name", label="Name", default=lambda target: target.name),),
        cli=lambda target: ("openstack", "server", "set", "--name",
                            target.answers.get("name", "NAME"), target.id),
        call=lambda target: verbs.compute.rename_server(
            target.id, target.answers.get("name", "NAME")),
        is_shown=False,
    ),
    Action(
        id="instance.attach_volume", keys="V", label="attach volume", views=("instances",),
        purpose="Give the instance a volume that nobody has.", level=Level.REVERSIBLE,
        asks=(Question(name="volume", label="Volume", kind="choice", among=_free_volumes),),
        cli=lambda target: ("openstack", "server", "add", "volume", target.id,
                            target.answers.get("volume", "VOLUME")),
        plan=lambda target: verbs.planning.plan_attach(
            target.id, target.answers.get("volume", "VOLUME")),
        call=lambda target: verbs.compute.attach_volume(
            target.id, target.answers.get("volume", "VOLUME")),
    ),
    Action(
        id="instance.set_metadata", keys="m", label="set metadata", views=("instances",),
        purpose="Set a pair of the metadata that the guest can read.",
        asks=(Question(name="key", label="Key"), Question(name="value", label="Value")),
        cli=lambda target: ("openstack", "server", "set", "--property",
                            "{key}={value}".format(**_pair(target)), target.id),
        call=lambda target: verbs.compute.set_server_metadata(
            target.id, **_pair(target)),
        is_shown=False,
    ),
    Action(
        id="instance.delete_metadata", keys="ctrl+g", label="delete metadata",
        views=("instances",), level=Level.ONE_OBJECT,
        purpose="Forget a pair of the metadata that the guest can read.",
        asks=(Question(name="key", label="Key", kind="choice", offers=Offers(
            call=lambda target: verbs.compute.server_metadata(target.id),
            read=reader("metadata_choices"))),),
        cli=lambda target: ("openstack", "server", "unset", "--property",
                            target.answers.get("key", "KEY"), target.id),
        call=lambda target: verbs.compute.delete_server_metadata(
            target.id, target.answers.get("key", "KEY")),
        is_shown=False,
    ),
    Action(
        id="instance.terminate", keys="ctrl+d", label="terminate", views=("instances",),
        purpose="The guest and its local disk are gone for good.",
        level=Level.FOR_GOOD, cli=openstack("server", "delete", "ID"), plan=deleting("instance"),
        call=lambda target: verbs.compute.delete_server(target.id),
    ),
)  # fmt: skip
