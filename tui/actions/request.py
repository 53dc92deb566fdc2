"""What can be done with requests and with the requests of other things."""

from __future__ import annotations

from typing import Final

from tui.actions.action import Action, request_of
from tui.client import verbs

ACTIONS: Final = (
    Action(
        id="request.trace", keys="t", label="trace",
        views=("home", "instances", "volumes", "networks", "services", "traces", "log",
               "journal"),
        purpose="Follow the request that last changed this, hop by hop.",
        does="app.trace", cli=lambda target: ("novabox", "trace", request_of(target)),
        call=lambda target: verbs.novabox.request(request_of(target)),
    ),
)  # fmt: skip
