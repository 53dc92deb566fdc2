"""What an action is: how it is reached, how much it destroys, and the call or deed behind it."""

from __future__ import annotations

import importlib
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Literal

from tui.client import nouns, verbs
from tui.client.call import Call

if TYPE_CHECKING:
    from tui.store import Store


class Level(IntEnum):
    """How much an action destroys, and so how it is confirmed."""

    SAFE = 0
    REVERSIBLE = 1  # done at once; its inverse is another action
    ONE_OBJECT = 2  # one dialog, Enter means no
    FOR_GOOD = 3  # the name, or the count, must be typed
    EVERYTHING = 4  # much more than one object: DELETE and the name


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The object an action works on, and what was answered to the action's questions."""

    id: str
    name: str
    noun: nouns.Noun | None = None
    answers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What a question gives to choose from, when only the cloud can say."""

    call: Callable[[Target], Call]
    read: Callable[[Any], Sequence[nouns.Choice]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What must be known before an action can be done: one line of a form.

    A choice is made among what ``offers`` asks the cloud for, or what ``among`` finds in the
    store; its answer is the id. What is not optional must not be empty. ``note`` says how it is
    now, beside the field.
    """

    name: str
    label: str
    kind: Literal["text", "number", "secret", "choice"] = "text"
    default: Callable[[Target], str] = lambda _: ""
    hint: str = ""
    note: Callable[[Target], str] = lambda _: ""
    is_optional: bool = False
    offers: Offers | None = None
    among: Callable[[Store, Target], Sequence[nouns.Choice]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing a user can do; ``id`` is noun.verb and names the binding.

    ``plan`` asks the cloud what it would do, for the dialog. What it ``asks`` is in the target's
    answers when ``call`` and ``cli`` are called. One that ``makes`` something needs no object
    under the cursor.
    """

    id: str
    keys: str
    label: str
    purpose: str
    views: tuple[str, ...]
    level: Level = Level.SAFE
    does: str = ""
    cli: Callable[[Target], tuple[str, ...]] | None = None
    call: Callable[[Target], Call] | None = None
    plan: Callable[[Target], Call | None] | None = None
    asks: tuple[Question, ...] = ()
    makes: bool = False
    is_shown: bool = True
    takes: tuple[type[nouns.Noun], ...] = ()  # on a screen of several lists: what it works on
    suits: Callable[[Any], bool] = lambda _: True  # and in which state of that
    is_idle: Callable[[Target], bool] = lambda _: False  # whether the answers change nothing

    def works_on(self, target: Target | None) -> bool:
        """Return whether it can be done to what is under the cursor."""
        if not self.takes:
            return True
        is_kind = target is not None and isinstance(target.noun, self.takes)
        return is_kind and target is not None and self.suits(target.noun)


def openstack(*words: str) -> Callable[[Target], tuple[str, ...]]:
    """Return the line of the OpenStack client; ``ID`` stands for the target."""
    return lambda target: ("openstack", *(target.id if word == "ID" else word for word in words))


def deleting(kind: str) -> Callable[[Target], Call]:
    """Return how to ask what deleting a target of that kind would do."""
    return lambda target: verbs.planning.plan_delete(kind, target.id)


def reader(name: str) -> Callable[[Any], Sequence[nouns.Choice]]:
    """Return a reader of ``tui.client.openstack`` by its name: imported when it is needed."""

    def read(body: Any) -> Sequence[nouns.Choice]:
        choices: Sequence[nouns.Choice] = getattr(
            importlib.import_module("tui.client.openstack"), name
        )(body)
        return choices

    return read


def novabox(*words: str) -> Callable[[Target], tuple[str, ...]]:
    """Return the line of our own command; ``ID`` stands for the target, ``QUEUE`` for its queue."""

    def line(target: Target) -> tuple[str, ...]:
        known = {"ID": target.id, "QUEUE": queue_of(target)}
        return ("novabox", *(known.get(word, word) for word in words))

    return line


def queue_of(target: Target) -> str:
    """Return the queue that a message waits in, or the target itself."""
    return target.noun.queue if isinstance(target.noun, nouns.Message) else target.id


def curl(call: Callable[[Target], Call]) -> Callable[[Target], tuple[str, ...]]:
    """Return a line for what only novabox's own API has."""
    return lambda target: (
        "curl", "-X", call(target).method, "-H", "X-Auth-Token: $OS_TOKEN",
        f"$NOVABOX_URL{call(target).path}",
    )  # fmt: skip


def request_of(target: Target) -> str:
    """Return the id of the request that last changed the target, or an empty text."""
    if isinstance(target.noun, nouns.Request):
        return target.noun.id
    nouns_with_one = nouns.Instance | nouns.Volume | nouns.Snapshot | nouns.Message | nouns.Deed
    if isinstance(target.noun, nouns_with_one):
        return target.noun.request_id or ""
    return ""


def shell_line(action: Action, target: Target) -> str:
    """Return the equivalent shell line, quoted, or an empty text for what is only on screen."""
    return "" if action.cli is None else quote(action.cli(target))


def quote(words: Iterable[str]) -> str:
    """Return words as one shell line; variables stay variables."""
    return " ".join(f'"{word}"' if "$" in word else shlex.quote(word) for word in words)
