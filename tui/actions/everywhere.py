"""What can be done on every screen."""

from __future__ import annotations

from typing import Final

from tui.actions.action import Action

ACTIONS: Final = (
    Action(id="app.command", keys="colon", label="go", views=("everywhere",), does="app.command",
           purpose="Go to a screen or give a command: instances state:error, images, trace ID."),
    Action(id="app.help", keys="question_mark", label="keys", views=("everywhere",),
           does="app.help", purpose="The keys of this screen, and the line each one stands for."),
    Action(id="app.palette", keys="ctrl+p", label="palette", views=("everywhere",),
           does="app.palette", purpose="Find any action or object by a part of its name."),
    Action(id="app.menu", keys="a", label="all actions", views=("everywhere",), does="app.menu",
           purpose="All that can be done here, as a menu.", is_shown=False),
    Action(id="app.last", keys="-", label="last view", views=("everywhere",), does="app.last",
           purpose="Show the view that was shown before.", is_shown=False),
    Action(id="app.backward", keys="[", label="view back", views=("everywhere",),
           does="app.history(-1)", purpose="Go back through the views that were shown.",
           is_shown=False),
    Action(id="app.forward", keys="]", label="view forth", views=("everywhere",),
           does="app.history(1)", purpose="Go forth again.", is_shown=False),
    Action(id="app.jump", keys="f2,ctrl+o", label="jump", views=("everywhere",), does="app.jump",
           purpose="A letter on every part of the screen: press it to go there.", is_shown=False),
    Action(id="app.layout", keys="f3", label="layout", views=("everywhere",), does="app.layout",
           purpose="List and detail in another way: alone, one under the other, beside.",
           is_shown=False),
    Action(id="app.maximise", keys="+", label="maximise", views=("everywhere",),
           does="app.maximise", purpose="The part with the focus on the whole screen, and back.",
           is_shown=False),
    Action(id="app.mask", keys="f9", label="privacy mask", views=("everywhere",), does="app.mask",
           purpose="Hide names, ids and addresses, for others who look; or show them again.",
           is_shown=False),
    Action(id="app.back", keys="escape", label="back", views=("everywhere",), does="app.back",
           purpose="Close what is on top, else clear the filter and the marks.", is_shown=False),
    Action(id="app.reconnect", keys="ctrl+r", label="reconnect", views=("everywhere",),
           does="app.reconnect", purpose="Ask for everything anew.", is_shown=False),
    Action(id="app.quit", keys="ctrl+q", label="quit", views=("everywhere",), does="app.quit",
           purpose="Leave; the cloud goes on."),
)  # fmt: skip
