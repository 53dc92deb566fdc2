"""The application: one store, one session, one mode a screen; knows no screen but by name.

Screens are imported when first shown, the HTTP client after the first paint: a start costs
what is seen.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from textual import work
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.screen import Screen

from tui import acting, bindings, glyphs, messages, places, registry, themes, undoing
from tui.actions import why
from tui.actions.action import Level, Target, request_of
from tui.canvas import Canvas
from tui.client import credentials, nouns
from tui.client.errors import ClientError
from tui.shell import Shell, made
from tui.store import Store, Topic
from tui.typeahead import TypeAhead

if TYPE_CHECKING:
    from tui.client.call import Call
    from tui.client.credentials import Credentials
    from tui.client.session import Answer, Session
    from tui.console.line import Line

T = TypeVar("T")


_OF_A_CLOUD: Final = (
    "go", "open", "run_form", "trace", "command", "palette", "reconnect", "undo", "redo"
)  # fmt: skip


def _cache() -> ModuleType:
    """Import what decodes JSON: not before it is needed."""
    return importlib.import_module("tui.cache")


class Tui(Canvas[None], TypeAhead[None], Shell[None]):
    """The terminal user interface of one project of one cloud.

    ``now_s`` is the clock, ``open_session`` makes the connection, ``open_line`` a guest's
    serial line from its id: all are others in tests.
    ``first`` makes the screen of a first run, where there is no cloud yet: it ends in ``enter``.
    ``cached`` is the file with what was seen the last time.
    ``theme`` is one of `tui.themes` (empty: what the terminal can show), ``keys`` a key map.
    ``is_read_only``: what would change the cloud cannot be done. ``painted`` is called once
    something is on the screen.
    """

    TITLE = "novabox"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    NOTIFICATION_TIMEOUT = 6
    BINDINGS: ClassVar[list[BindingType]] = bindings.of("everywhere")
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        place.name: place.make for place in places.PLACES
    }
    DEFAULT_MODE = "home"

    def __init__(
        self,
        who: Credentials | None = None,
        *,
        signs: glyphs.Glyphs = glyphs.UNICODE,
        now_s: Callable[[], float] = time.time,
        open_session: Callable[[Credentials], Session] | None = None,
        first: Callable[[], Screen[Any]] | None = None,
        open_line: Callable[[str], Line] | None = None,
        cached: Path | None = None,
        theme: str = "",
        keys: Mapping[str, str] | None = None,
        is_read_only: bool = False,
        painted: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self.who = who
        self.glyphs = signs
        self.now_s = now_s
        self.store = Store(now_s=now_s, later=self._later)
        self.store.subscribe(self._tell_screens)
        self.offers = undoing.Offers(self)
        self._open_session = open_session
        self._first = first
        self._keys = keys or {}
        self.clashes: list[str] = []
        self.is_read_only = is_read_only
        self.form_drafts: dict[str, dict[str, str]] = {}  # by action, of forms that were left
        self.expected: dict[Topic, str] = {}  # what was just made: lists go to it once it is there
        self.awaited = ""  # the instance whose console is opened by its list once it runs
        self._open_line = open_line
        self._painted = painted
        self._cache = cached
        self.is_resting = False  # nothing gets older by the second, so nothing is redrawn
        self._session: Session | None = None
        self._connecting = asyncio.Lock()
        themes.choose(self, os.environ, wanted=theme)  # later, all styles would be made again

    def on_load(self) -> None:
        """Before anything is drawn: the keys, the signs, what was last seen."""
        self.set_keymap(dict(self._keys))
        self.add_class(f"-{self.glyphs.name}")
        if self._first is None and self._cache is not None and (seen := _cache().load(self._cache)):
            self.store.restore(seen.objects, at_s=seen.at_s)

    def on_mount(self) -> None:
        """Start: the clock and, after the first paint, the connection."""
        self._clock = self.set_timer(1.0, self._tick)
        self.call_after_refresh(self._painted)
        if self._first is None:
            self.call_after_refresh(self.follow_cloud)
        else:
            self.store.lost("no cloud is up here")
            self.push_screen(self._first())

    def enter(self, who: Credentials) -> None:
        """End the first run: there is a cloud now, and ``who`` logs in to it."""
        self.who, self._first = who, None
        self.pop_screen()
        self.follow_cloud()

    async def on_unmount(self) -> None:
        """Keep what was seen for the next start, and close the connection."""
        if self._cache is not None and self.store.rev:
            at_s = self.now_s() - (self.store.age_s() or 0.0)
            seen = _cache().Seen(at_s=at_s, objects=self.store.streamed())
            _cache().save(self._cache, seen)
        if self._session is not None:
            await self._session.close()

    async def session(self) -> Session:
        """Return the connection, made by now: for what streams. Raises ClientError."""
        return await self._connected()

    async def send(self, call: Call) -> Answer:
        """Make one API call. Raises ClientError."""
        return await (await self._connected()).send(call)

    async def fetch(self, call: Call, read: Callable[[Any], T]) -> T:
        """Make one API call and ``read`` its body. Raises ClientError."""
        return await (await self._connected()).fetch(call, read)

    async def ask(self, call: Call, read: Callable[[Any], T]) -> T | None:
        """Make one API call and ``read`` its body; on failure say why and return None."""
        try:
            return await self.fetch(call, read)
        except ClientError as error:
            self.say(error.reason, is_error=True)
            return None

    def say(self, text: str, *, is_error: bool = False, for_s: float | None = None) -> None:
        """Show a short-lived line."""
        sign = self.glyphs.failed if is_error else self.glyphs.good
        self.notify(
            f"{sign} {text}", severity="error" if is_error else "information", markup=False,
            timeout=for_s,
        )  # fmt: skip

    def target(self) -> Target | None:
        """Return the object under the cursor of the screen on top, or None."""
        targets = self._targets()
        return targets[0] if targets else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return None, which shows it as not to be had, for what does not work on the object.

        Return False for what is not there: another screen in a first run, and ``^q`` where a guest
        has all keys, since Textual asks for that one first.
        """
        if self._first is not None and action in _OF_A_CLOUD:
            return False
        if action == "quit" and self.screen_stack:
            return not getattr(self.screen, "has_guest_keys", False)
        if action == "act" and self.screen_stack:
            known = registry.BY_ID.get(str(parameters[0]))
            if self.is_read_only and known is not None and known.level >= Level.REVERSIBLE:
                return None
            return True if known is None or known.works_on(self.target()) else None
        return True

    def handle_bindings_clash(self, clashed_bindings: set[Binding], node: DOMNode) -> None:
        """Say, once, which keys mean two things: a screen's own that no key map knows of."""
        names = ", ".join(sorted(binding.id or binding.description for binding in clashed_bindings))
        if names not in self.clashes:
            self.clashes.append(names)
            self.say(f"one key for two things here: {names}", is_error=True)

    def action_act(self, action_id: str) -> None:
        """Make the action's API call for every chosen object, confirmed as its level asks."""
        action = registry.BY_ID[action_id]
        targets = [Target(id="", name="")] if action.makes else self._targets()
        if targets:
            self.run_worker(acting.perform(self, action, targets), group="acts")

    def action_go(self, view: str) -> None:
        """Show one of the numbered screens as it was left; again, what is lowest in it."""
        if view == self.current_mode:
            while len(self.screen_stack) > 1:
                self.pop_screen()
        else:
            self.switch_mode(view)
            self.note_view(view)

    async def action_open(self, view: str, key: str = "", text: str = "") -> None:
        """Show a screen with the cursor on an object, or filtered."""
        await self.switch_mode(view)
        self.note_view(view)
        listing: Any = self.screen
        if text and hasattr(listing, "filter_by"):
            listing.filter_by(text)
        elif key and hasattr(listing, "go_to"):
            listing.go_to(key)
        elif key and hasattr(listing, "table"):
            listing.filter_by("")
            listing.table.go_to(key)

    def action_run_form(self) -> None:
        """Open the form that runs an instance, filled with the image under the cursor."""
        self.push_screen(made("run", "Run", image=self.target()))

    def action_why(self) -> None:
        """Say why the object under the cursor is as it is."""
        target = self.target()
        if target is None or not why.kind_of(target):
            self.say("there is nothing to explain here", is_error=True)
            return
        crumbs: list[str] = getattr(self.screen, "crumbs", list)()
        self.push_screen(made("why", "Why", target=target, crumbs=crumbs))

    def action_xray(self) -> None:
        """Show all that the object under the cursor is made of."""
        if target := self.target():
            crumbs: list[str] = getattr(self.screen, "crumbs", list)()
            self.push_screen(made("xray", "Xray", target=target, crumbs=crumbs))
        else:
            self.say("there is nothing to look into here", is_error=True)

    def action_trace(self, request_id: str = "") -> None:
        """Open the trace of a request, or of what the object under the cursor came from."""
        if not request_id and (target := self.target()):
            request_id = request_of(target)
        if request_id:
            self.push_screen(made("theatre", "Theatre", request_id=request_id))
        else:
            self.say("no request is known for this", is_error=True)

    async def action_console(self) -> None:
        """Open the console of the instance under the cursor."""
        if target := self.target():
            await self.open_console(target)

    async def open_console(self, target: Target) -> None:
        """Sit down at an instance's console."""
        open_line = self._open_line or await self._lines()
        self.push_screen(made("console", "Console", target=target, open_line=open_line))

    def action_undo(self) -> None:
        """Undo what this user did last."""
        self.run_worker(undoing.turn(self, is_redo=False), group="acts")

    def action_redo(self) -> None:
        """Do again what this user undid last."""
        self.run_worker(undoing.turn(self, is_redo=True), group="acts")

    def action_help(self) -> None:
        """Show the keys of the screen on top."""
        self.push_screen(made("help", "Help", of=self.screen))

    async def action_quit(self) -> None:
        """Leave; a screen that has something to undo before says so first."""
        leave: Callable[[], None] = getattr(self.screen, "leave", self.exit)
        leave()

    async def action_back(self) -> None:
        """Clear what was typed or marked on the screen on top; if nothing was, close it."""
        go_back: Callable[[], bool] = getattr(self.screen, "go_back", lambda: False)
        if not go_back() and len(self.screen_stack) > 1:
            self.pop_screen()

    def action_reconnect(self) -> None:
        """Open the event stream anew, and draw all again."""
        self.repaint()
        self.follow_cloud()

    @work(exclusive=True, group="feed")
    async def follow_cloud(self) -> None:
        """Feed the store from the event stream for as long as the app runs."""
        try:
            session = await self._connected()
        except ClientError as error:
            self.store.lost(str(error))
            return
        feed = importlib.import_module("tui.feed")
        await feed.run(session, self.store, kinds=(*nouns.STREAMED, "hop"))

    @work(exclusive=True, group="usage")
    async def follow_usage(self) -> None:
        """Have the store know what instances use, until ``leave_usage``."""
        try:
            session = await self._connected()
        except ClientError:  # the event stream says why
            return
        feed = importlib.import_module("tui.feed")
        await feed.run_usage(session, self.store)

    def leave_usage(self) -> None:
        """Nobody looks at it now: the cloud need not measure it."""
        self.workers.cancel_group(self, "usage")

    async def _connected(self) -> Session:
        async with self._connecting:
            if self._session is None:
                self._session = await self._connect()
            return self._session

    async def _connect(self) -> Session:
        self.who = self.who or credentials.find(os.environ)
        if self._open_session is not None:
            session = self._open_session(self.who)
        else:
            module = await asyncio.to_thread(importlib.import_module, "tui.client.session")
            session = module.Session(self.who, agent="tui")
        session.is_read_only = self.is_read_only
        session.ask_password = self._ask_password
        return session

    async def _lines(self) -> Callable[[str], Line]:
        session = await self._connected()
        module = importlib.import_module("tui.console.client")
        return lambda instance_id: module.ConsoleLine(session, instance_id)

    async def _ask_password(self, reason: str) -> str | None:
        """Ask over whatever is on the screen, which stays as it is."""
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        user = self.who.username if self.who else ""
        self.push_screen(made("password", "Password", user=user, reason=reason), answer.set_result)
        return await answer

    def _targets(self) -> list[Target]:
        targets: list[Target] = getattr(self.screen, "targets", list)()
        return targets

    def _later(self, delay_s: float, function: Callable[[], None]) -> object:
        return self.set_timer(delay_s, function)

    def _tell_screens(self, topics: frozenset[Topic]) -> None:
        if "journal" in topics:
            self.offers.look()
        for screen in self.screen_stack:
            screen.post_message(messages.StoreChanged(topics))
        if self.is_resting:
            self._clock.stop()
            self._tick()

    def _tick(self) -> None:
        """Have ages and clock drawn, each second, or each minute while nothing happens."""
        self.is_resting = not self.store.is_restless
        pause_s = 60.0 - self.now_s() % 60.0 if self.is_resting else 1.0
        self._clock = self.set_timer(pause_s, self._tick)
        for screen in self.screen_stack:
            screen.post_message(messages.Tick())
