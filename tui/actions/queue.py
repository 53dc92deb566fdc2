"""What can be done to the queues between the processes, and to the messages in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tui.actions.action import Action, Level, Target, novabox, queue_of
from tui.client import verbs
from tui.client.call import Call
from tui.client.nouns import Message, Topic


def _is_paused(target: Target) -> bool:
    noun = target.noun
    return noun.is_held if isinstance(noun, Message) else isinstance(noun, Topic) and noun.is_paused


def _pause_or_resume(target: Target) -> Call:
    queue = queue_of(target)
    if _is_paused(target):
        return verbs.novabox.resume_topic(queue)
    return verbs.novabox.pause_topic(queue)


def _pause_line(target: Target) -> tuple[str, ...]:
    return ("novabox", "queue", "resume" if _is_paused(target) else "pause", queue_of(target))


def _let_through(target: Target) -> Call:
    if isinstance(target.noun, Message):
        return verbs.novabox.control_message(target.noun.queue, target.id, "release")
    return verbs.novabox.step_topic(target.id)


def _let_through_line(target: Target) -> tuple[str, ...]:
    if isinstance(target.noun, Message):
        return ("novabox", "queue", "release", target.noun.queue, target.id)
    return ("novabox", "queue", "step", target.id)


def _can_wait(noun: Topic | Message) -> bool:
    """Whether somebody takes from that queue: from the dead ones nobody does."""
    return not noun.is_dead


def _is_held(noun: Topic | Message) -> bool:
    return noun.is_held if isinstance(noun, Message) else noun.is_paused


def _message(verb: str) -> Callable[[Target], Call]:
    return lambda target: verbs.novabox.control_message(queue_of(target), target.id, verb)


ACTIONS: Final = (
    Action(
        id="topic.pause", keys="p", label="pause/resume", views=("services",),
        purpose="Pause the queue for five minutes: its messages wait and can be looked at; "
        "or resume it.",
        level=Level.REVERSIBLE, cli=_pause_line, call=_pause_or_resume, takes=(Topic, Message),
        suits=_can_wait,
    ),
    Action(
        id="topic.step", keys="o", label="let one through", views=("services",),
        purpose="Let the next message of the paused queue through, or the one under the cursor.",
        level=Level.REVERSIBLE, cli=_let_through_line, call=_let_through, takes=(Topic, Message),
        suits=_is_held,
    ),
    Action(
        id="message.look", keys="d", label="look inside", views=("services",),
        purpose="All that a message says, and whose request it is.", does="screen.look",
        cli=novabox("queue", "show", "QUEUE", "--json"), takes=(Message,),
    ),
    Action(
        id="message.raise", keys="m", label="move to front", views=("services",),
        purpose="Have this message be the next that is taken.",
        cli=novabox("queue", "raise", "QUEUE", "ID"), call=_message("raise"), takes=(Message,),
        suits=_can_wait,
    ),
    Action(
        id="message.dead", keys="D", label="put aside", views=("services",),
        purpose="Put the message among the dead ones: not rung again until it is retried.",
        level=Level.REVERSIBLE,
        cli=novabox("queue", "dead", "QUEUE", "ID"), call=_message("dead"), takes=(Message,),
        suits=_can_wait,
    ),
    Action(
        id="message.retry", keys="R", label="retry dead", views=("services",),
        purpose="Ring a dead message again in the queue where it was.",
        cli=novabox("queue", "retry", "ID"), call=_message("retry"), takes=(Message,),
        suits=lambda noun: noun.is_dead,
    ),
    Action(
        id="message.drop", keys="ctrl+d", label="drop", views=("services",),
        purpose="Take the message away. Nothing is known only to the queue: what its row says is "
        "due, its worker rings again.",
        level=Level.ONE_OBJECT,
        cli=novabox("queue", "drop", "QUEUE", "ID"), call=_message("drop"), takes=(Message,),
    ),
)  # fmt: skip
