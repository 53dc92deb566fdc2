"""What can be done on every screen."""

from __future__ import annotations

from typing import Final

from tui.actions.action import Action

ACTIONS: Final = (
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
