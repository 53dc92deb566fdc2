"""The conversation: a line typed, what it asks for said; holds the numbers of the last list."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from tui import places, registry
from tui.actions.action import Action, Level, Question, Target, shell_line
from tui.client import openstack, verbs
from tui.client.call import Call
from tui.client.errors import ClientError
from tui.client.nouns import Choice, Image
from tui.client.session import Session
from tui.drafts import RunDraft
from tui.linear import telling
from tui.linear.telling import Voice
from tui.places import Place

PROCESSES: Final = replace(
    places.BY_NAME["services"], kind="services", aliases=("processes",), key="",
    purpose="The processes of the cloud.",
)  # fmt: skip
"""The other list of the screen of services."""

PAGE: Final = 20  # rows said before one must ask for more

Ask = Callable[[str], Awaitable[str | None]]
"""Says a prompt and gives what was typed, or None at the end of input."""
Say = Callable[[str], None]

_HELP: Final = (
    "NAME [filter], or its number: go to a screen; :instances state:error; also: processes",
    "open N: all that is known of row N",
    "ACTION N [N ...]: do it to those rows; stop 3",
    "shell ACTION N: the shell line that does the same",
    "filter WORDS: only rows that match; filter alone: all rows",
    "next: more rows.  again: the same list as it is now.  where: which screen this is",
    "run: run an instance.  help: this.  quit: leave; the cloud goes on",
)


class Talk:
    """One user's conversation with one cloud."""

    def __init__(
        self, session: Session, voice: Voice, *, ask: Ask, say: Say, project: str,
        secret: Ask | None = None,
    ) -> None:  # fmt: skip
        self._session = session
        self._voice = voice
        self._ask = ask
        self._secret = secret or ask
        self._say = say
        self._project = project
        self._place: Place = places.BY_NAME["home"]
        self._filter = ""
        self._items: list[Any] = []
        self._said = 0
        self._known: dict[str, Callable[[str], Awaitable[None]]] = {
            "help": self._help, "?": self._help, "open": self._open, "filter": self._refilter,
            "next": self._next, "again": self._again, "where": self._where, "run": self._run,
            "shell": self._shell,
        }  # fmt: skip

    async def run(self) -> None:
        """Talk until ``quit`` or the end of input."""
        self._say(f"novabox, project {self._project}. Type help for what can be typed.")
        await self._show(places.BY_NAME["home"], "")
        while (line := await self._ask(f"{self._place.name}> ")) is not None:
            if line.strip() in ("quit", "exit", "q", ":q", ":quit"):
                break
            try:
                await self.do(line)
            except ClientError as error:
                self._say(f"failed: {error.reason}")

    async def do(self, line: str) -> None:
        """Do what one line asks for. Raises ClientError."""
        word, _, rest = line.strip().removeprefix(":").partition(" ")
        if not word:
            return
        place = _place(word)
        if place is not None:
            await self._show(place, rest.strip())
        elif word.lower() in self._known:
            await self._known[word.lower()](rest.strip())
        else:
            await self._act(line.strip())

    async def _show(self, place: Place, text: str) -> None:
        self._place, self._filter = place, text
        self._say(f"{place.name}: {place.purpose}")
        if not place.kind:
            await self._show_unlisted(place)
            return
        kind = place.listed()
        if kind.read:
            body = (await self._session.send(kind.read.call())).body
            items = kind.read.read(body)
            if place.name == "capacity":
                self._say_all(telling.room(body))
            store = self._voice.store
            store.replace({kind.topic: list(items)}, rev=store.rev)
        every = telling.sorted_items(kind, self._voice.store)
        self._items = telling.matching(kind, every, text, self._voice)
        self._said = 0
        self._say(f"{len(self._items)} of {len(every)}" + (f", filter {text}" if text else ""))
        if not self._items:
            self._say(kind.empty or "nothing")
        await self._next("")

    async def _show_unlisted(self, place: Place) -> None:
        self._items = []
        if place.name == "home":
            store, now_s = self._voice.store, self._voice.now_s()
            lines = telling.home(store, project=self._project, now_s=now_s)
        else:
            lines = telling.answer((await self._session.send(place.call)).body)
        self._say_all(lines)

    async def _next(self, _: str) -> None:
        kind = self._place.listed() if self._place.kind else None
        if kind is None:
            return
        until = min(len(self._items), self._said + PAGE)
        for at in range(self._said, until):
            self._say(f"{at + 1}. {telling.row(kind, self._items[at], self._voice)}")
        self._said = until
        if until < len(self._items):
            self._say(f"{len(self._items) - until} more: next")

    async def _again(self, _: str) -> None:
        await self._show(self._place, self._filter)

    async def _refilter(self, text: str) -> None:
        await self._show(self._place, text)

    async def _where(self, _: str) -> None:
        self._say(f"{self._place.name}: {self._place.purpose}")
        self._say(telling.link(self._voice.store))

    async def _help(self, _: str) -> None:
        self._say_all(_HELP)
        self._say("screens:")
        self._say_all(telling.screens())
        self._say(f"actions on {self._place.name}:")
        for action in self._actions():
            self._say(f"{action.label}: {action.purpose}")

    async def _open(self, rest: str) -> None:
        for item in self._numbered(rest.split()):
            self._say_all(telling.detail(self._place.listed(), item, self._voice))

    async def _shell(self, rest: str) -> None:
        for action, target in self._meant(rest):
            self._say(shell_line(action, target))

    async def _act(self, line: str) -> None:
        meant = self._meant(line)
        if not meant:
            return
        action = meant[0][0]
        targets = [target for _, target in meant]
        answers = await self._answers(action, targets[0])
        if answers is None or not await self._is_confirmed(action, targets):
            self._say("nothing was done")
            return
        for target in (replace(target, answers=answers) for target in targets):
            if action.is_idle(target):
                self._say(f"{action.label} {target.name}: nothing changed")
            else:
                await self._one(action, target)

    async def _one(self, action: Action, target: Target) -> None:
        if action.call is None:
            return
        call = action.call(target)
        try:
            answer = await self._session.send(call)
        except ClientError as error:
            self._say(f"{action.label} {target.name}: failed: {error.reason}")
            return
        if call.method == "GET" or _shows(call):
            self._say_all(telling.answer(answer.body))
        else:
            self._say(f"{action.label} {target.name}".strip() + ": accepted")

    def _meant(self, line: str) -> list[tuple[Action, Target]]:
        """Return the action with each row that a line means; say what is wrong with it."""
        tokens = line.split()
        numbers = [token for token in tokens if token.isdigit()]
        words = " ".join(token for token in tokens if not token.isdigit()).lower()
        action = self._action(words)
        if action is None:
            return []
        if action.makes:
            return [(action, Target(id="", name=""))]
        if not numbers:
            self._say(f"{action.label} which? Say its number, as in: {action.label} 1")
            return []
        kind = self._place.listed()
        targets = [
            Target(id=item.key, name=kind.name(item), noun=item) for item in self._numbered(numbers)
        ]
        for target in targets:
            if not action.works_on(target):
                self._say(f"{action.label} {target.name}: not in its state")
        return [(action, target) for target in targets if action.works_on(target)]

    def _action(self, words: str) -> Action | None:
        known = self._actions()
        found = [action for action in known if words in (action.label.lower(), _verb(action))]
        found = found or [action for action in known if action.label.lower().startswith(words)]
        if len(found) == 1:
            return found[0]
        names = ", ".join(action.label for action in found)
        self._say(f"{words}: which of {names}?" if found else f"{words}: no such thing; type help")
        return None

    def _actions(self) -> list[Action]:
        return telling.actions_of(self._place, registry.REGISTRY) if self._place.kind else []

    def _numbered(self, numbers: Sequence[str]) -> list[Any]:
        items = []
        for number in numbers:
            if number.isdigit() and 1 <= int(number) <= len(self._items):
                items.append(self._items[int(number) - 1])
            else:
                self._say(f"{number}: no such row")
        return items

    async def _answers(self, action: Action, target: Target) -> dict[str, str] | None:
        answers: dict[str, str] = {}
        for question in action.asks:
            answer = await self._answer(question, target)
            if answer is None:
                return None
            answers[question.name] = answer
        return answers

    async def _answer(self, question: Question, target: Target) -> str | None:
        """Return what was typed, or the default; None when something needed was not given."""
        if question.kind == "choice":
            choice = await self._choose(question.label, await self._choices(question, target),
                                        is_optional=question.is_optional)  # fmt: skip
            return choice if choice is None else choice.id
        default = question.default(target)
        prompt = f"{question.label}{f' (now {default})' if default else ''}: "
        typed = await (self._secret if question.kind == "secret" else self._ask)(prompt)
        answer = (typed or "").strip() or default
        return answer if answer or question.is_optional else None

    async def _choices(self, question: Question, target: Target) -> Sequence[Choice]:
        if question.among is not None:
            return question.among(self._voice.store, target)
        if question.offers is None:
            return []
        return question.offers.read((await self._session.send(question.offers.call(target))).body)

    async def _choose(
        self, label: str, choices: Sequence[Choice], *, is_optional: bool = False
    ) -> Choice | None:
        for at, choice in enumerate(choices, 1):
            self._say(f"{at}. {choice.name} {choice.note}".rstrip())
        typed = await self._ask(f"{label}, a number{', or nothing' if is_optional else ''}: ")
        if typed and typed.strip().isdigit() and 1 <= int(typed) <= len(choices):
            return choices[int(typed) - 1]
        return Choice(id="", name="") if is_optional else None

    async def _is_confirmed(self, action: Action, targets: Sequence[Target]) -> bool:
        """Ask as the screens do: yes for one object, the name or the count for what is for good."""
        level = action.level
        if level < Level.ONE_OBJECT:
            return True
        self._say(action.purpose)
        for target in targets:
            self._say(f"{target.name}, {target.id}")
        if level < Level.FOR_GOOD and len(targets) == 1:
            return (await self._ask(f"{action.label}? Type yes: ") or "").strip() == "yes"
        wanted = targets[0].name if len(targets) == 1 else str(len(targets))
        wanted = f"DELETE {wanted}" if level >= Level.EVERYTHING else wanted
        what = "the name" if len(targets) == 1 else "how many"
        return (await self._ask(f"{action.label}? Type {what}, {wanted}: ") or "").strip() == wanted

    async def _run(self, _: str) -> None:
        """Ask for what an instance needs, and run it."""
        name = (await self._ask("name: ") or "").strip()
        images = [
            Choice(id=image.id, name=image.name or image.id)
            for image in self._voice.store.all(Image)
            if image.status == "active"
        ]
        image = await self._choose("image", images)
        read = self._session.fetch
        flavor = await self._choose(
            "flavor", await read(verbs.compute.flavors(), openstack.flavor_choices)
        )
        key = await self._choose(
            "key pair", await read(verbs.compute.key_pairs(), openstack.key_choices),
            is_optional=True,
        )  # fmt: skip
        draft = RunDraft(name=name, image=image, flavor=flavor, key=key if key and key.id else None)
        if missing := draft.missing():
            self._say(f"nothing was done; missing: {', '.join(missing)}")
            return
        await self._session.send(draft.call())
        self._say(f"run {name}: accepted")

    def _say_all(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._say(line)


def _place(word: str) -> Place | None:
    wanted = word.lower()
    if wanted in PROCESSES.aliases:
        return PROCESSES
    for place in places.PLACES:
        if wanted in (place.key, place.name, *place.aliases):
            return place
    return None


def _verb(action: Action) -> str:
    return action.id.partition(".")[2].replace("_", " ")


def _shows(call: Call) -> bool:
    """Whether a call that is no GET only reads: a console's log is asked for by POST."""
    return isinstance(call.body, dict) and "os-getConsoleOutput" in call.body


async def typed(prompt: str) -> str | None:
    """Ask on the terminal."""
    try:
        return await asyncio.to_thread(input, prompt)
    except EOFError:
        return None
