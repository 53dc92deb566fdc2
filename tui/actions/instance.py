"""What can be done to instances."""

from __future__ import annotations

from typing import Final

from tui.actions.action import Action, Level, openstack
from tui.client import verbs

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
        id="instance.terminate", keys="ctrl+d", label="terminate", views=("instances",),
        purpose="The guest and its local disk are gone for good.",
        level=Level.FOR_GOOD, cli=openstack("server", "delete", "ID"),
        call=lambda target: verbs.compute.delete_server(target.id),
    ),
)  # fmt: skip
