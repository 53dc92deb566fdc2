"""Doing an action to objects: confirm as its level asks, one call each, one line a failure."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tui import messages
from tui.actions.action import Action, Level, Target
from tui.client.errors import ClientError

if TYPE_CHECKING:
    from tui.app import Tui


async def perform(app: Tui, action: Action, targets: Sequence[Target]) -> None:
    """Ask if need be, then do ``action`` to every target; one that fails stops no other."""
    if action.asks:
        targets = await _answered(app, action, targets)
        if targets and all(map(action.is_idle, targets)):
            app.say("nothing changed")
            return
    if not targets or not await _is_confirmed(app, action, targets):
        return
    notes: list[str] = []
    failures = [
        failure for target in targets if (failure := await _one(app, action, target, notes))
    ]
    done = len(targets) - len(failures)
    if done:
        for screen in app.screen_stack[-1:]:  # there may be none just now: modes are changing
            screen.post_message(messages.Acted())
        what = targets[0].name if len(targets) == 1 else f"{done} of {len(targets)}"
        told = notes[0] if notes else "accepted"
        app.say(f"{action.label} {what}".rstrip() + f": {told}")
    for failure in failures:
        app.say(failure, is_error=True)


async def _one(app: Tui, action: Action, target: Target, notes: list[str]) -> str:
    """Return why it failed, or an empty text; what the cloud says besides goes to ``notes``."""
    if action.call is None:
        return ""
    try:
        answer = await app.send(action.call(target))
        app.offers.expect(answer.request_id)
        if isinstance(answer.body, dict) and "note" in answer.body:
            notes.append(str(answer.body["note"]))
    except ClientError as error:
        return f"{action.label} {target.name}".rstrip() + f": {error.reason}"
    return ""


async def _answered(app: Tui, action: Action, targets: Sequence[Target]) -> Sequence[Target]:
    """Return the targets with what the form was filled in with; none if it was left."""
    form = importlib.import_module("tui.screens.form")
    answers = await app.push_screen_wait(form.Form(action, targets))
    return [] if answers is None else [replace(target, answers=answers) for target in targets]


async def _is_confirmed(app: Tui, action: Action, targets: Sequence[Target]) -> bool:
    """Bulk deletion is one level up: the count must be typed."""
    level = action.level
    if level >= Level.ONE_OBJECT and len(targets) > 1:
        level = Level.FOR_GOOD
    if level < Level.ONE_OBJECT:
        return True
    confirm = importlib.import_module("tui.screens.confirm")
    return bool(await app.push_screen_wait(confirm.Confirm(action, targets, level=level)))
