"""What can be done before there is a cloud."""

from __future__ import annotations

from typing import Final

from tui.actions.action import Action

ACTIONS: Final = (
    Action(
        id="welcome.go", keys="g", label="go on", views=("welcome",), does="screen.go",
        purpose="Start the cloud and run a first instance in it, then go to it. So does Enter.",
        cli=lambda _: ("novabox", "demo"),
    ),
    Action(
        id="welcome.start_only", keys="s", label="only start", views=("welcome",),
        does="screen.start_only", cli=lambda _: ("novabox", "up", "--detach"),
        purpose="Start the cloud with nothing in it: no image is built, no instance run.",
    ),
    Action(
        id="welcome.fix", keys="f", label="fix this", views=("welcome",), does="screen.fix",
        purpose="Run the line that mends the chosen finding; u takes it back.",
        cli=lambda target: ("novabox", "doctor", "--fix", target.id),
    ),
    Action(
        id="welcome.undo", keys="u", label="take the fix back", views=("welcome",),
        does="screen.unfix", purpose="Run the line that takes a fix back.",
        cli=lambda target: ("novabox", "doctor", "--undo", target.id),
    ),
    Action(
        id="welcome.look", keys="r", label="look again", views=("welcome",), does="screen.look",
        purpose="Look at the machine again.", cli=lambda _: ("novabox", "doctor"),
    ),
    Action(
        id="welcome.log", keys="l", label="log", views=("welcome",), does="screen.log",
        purpose="All that the commands printed.",
    ),
)  # fmt: skip
