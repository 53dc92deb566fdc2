"""What can be done to the queues between the processes."""

from __future__ import annotations

from typing import Final

from tui.actions.action import Action, Level, Target, curl
from tui.client import nouns, verbs
from tui.client.call import Call


def _pause_or_resume(target: Target) -> Call:
    is_paused = isinstance(target.noun, nouns.Topic) and target.noun.is_paused
    return (
        verbs.novabox.resume_topic(target.id) if is_paused else verbs.novabox.pause_topic(target.id)
    )


def _step(target: Target) -> Call:
    return verbs.novabox.step_topic(target.id)


ACTIONS: Final = (
    Action(
        id="topic.pause", keys="p", label="pause/resume", views=("services",),
        purpose="Pause the queue, so that its messages wait and can be looked at; or resume it.",
        level=Level.REVERSIBLE, cli=curl(_pause_or_resume), call=_pause_or_resume,
    ),
    Action(
        id="topic.step", keys="o", label="let one through", views=("services",),
        purpose="Let one message of the paused queue through.",
        level=Level.REVERSIBLE, cli=curl(_step), call=_step,
    ),
)  # fmt: skip
