"""What can be done to the processes of the cloud, and to their logs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tui.actions.action import Action, Level, Target
from tui.client import verbs
from tui.client.call import Call
from tui.client.nouns import Message, Service, Topic


def _do(verb: str) -> Callable[[Target], Call]:
    return lambda target: verbs.novabox.control_service(target.id, verb)


def _line(verb: str) -> Callable[[Target], tuple[str, ...]]:
    return lambda target: ("novabox", "service", verb, target.id)


def _is_up(service: Service) -> bool:
    return service.state == "up"


ACTIONS: Final = (
    Action(
        id="service.log", keys="l", label="log", views=("services",), does="screen.log",
        purpose="What the process wrote, and writes; of a queue, the process that serves it.",
        cli=lambda target: ("novabox", "logs", "-f", target.id), takes=(Service, Topic, Message),
    ),
    Action(
        id="service.restart", keys="r", label="restart", views=("services",),
        purpose="Stop the process, its step under way finished first, and start it again.",
        level=Level.REVERSIBLE, cli=_line("restart"), call=_do("restart"), takes=(Service,),
    ),
    Action(
        id="service.start", keys="S", label="start", views=("services",),
        purpose="Start a process that was stopped.",
        cli=_line("start"), call=_do("start"), takes=(Service,),
        suits=lambda noun: not _is_up(noun),
    ),
    Action(
        id="service.stop", keys="K", label="stop", views=("services",),
        purpose="Stop the process until it is started again; what it serves waits.",
        level=Level.REVERSIBLE, cli=_line("stop"), call=_do("stop"), takes=(Service,), suits=_is_up,
    ),
    Action(
        id="service.kill", keys="ctrl+k", label="kill -9", views=("services",),
        purpose="Kill the process in the middle of what it does, and see that nothing is lost: "
        "it is started again at once.",
        level=Level.ONE_OBJECT, cli=_line("kill"), call=_do("kill"), takes=(Service,), suits=_is_up,
    ),
    Action(
        id="log.next", keys="n", label="next match", views=("log",), does="screen.find(1)",
        purpose="Go to the next line that has what was searched for.",
    ),
    Action(
        id="log.previous", keys="N", label="previous", views=("log",), does="screen.find(-1)",
        purpose="Go to the line before that has what was searched for.",
    ),
    Action(
        id="log.follow", keys="f", label="follow", views=("log",), does="screen.follow",
        purpose="Go to the end, and stay there as lines come; or stay where one reads.",
    ),
)  # fmt: skip
