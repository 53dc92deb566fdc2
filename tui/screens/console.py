"""The console: a guest's serial line inside the interface, or two side by side.

Every key is the guest's but ``^]``; the letter after it is one of ``tui.actions.console``, and
all that works everywhere works then too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Static

from tui import bindings, local, registry, store
from tui.actions import console as actions
from tui.actions.action import Target
from tui.client.nouns import Instance
from tui.console.line import Line
from tui.console.pane import Pane
from tui.console.widget import Terminal
from tui.screens.ask import Ask, Choose
from tui.screens.view import View
from tui.widgets.header import Header
from tui.widgets.letters import Letters
from tui.widgets.spans import clean

_SENT_BYTES_MAX: Final = 1024 * 1024  # at 115 200 baud this already takes a minute and a half
_IN_HISTORY: Final = frozenset(
    {"send", "send_break", "send_ctrl_alt_del", "fit", "take"}
)  # letters there move
_HELP: Final = "Every key goes to the guest.  ^] then a letter talks to the cloud: q leaves"


class Console(View):
    """The serial console of a guest."""

    BINDINGS: ClassVar[list[BindingType]] = bindings.of(actions.VIEW)

    def __init__(self, target: Target, *, open_line: Callable[[str], Line]) -> None:
        super().__init__()
        self._open_line = open_line
        self._first = target

    def crumbs(self) -> list[str]:
        """Return the way here."""
        return ["Instances", self._first.name, "Console"]

    def compose(self) -> ComposeResult:
        """Put the consoles under the header, and one line of help under them."""
        yield Header(self.crumbs())
        yield from self.body()
        yield Static(_HELP, id="help", markup=False)
        yield Letters(registry.of_view(actions.VIEW), widget_id="over")

    def body(self) -> Iterable[Widget]:
        """Return the consoles' room, with the first; the letters beside it where it is wide."""
        with Horizontal(id="panes"):
            yield self._pane(self._first)
            yield Letters(registry.of_view(actions.VIEW), widget_id="letters")

    def on_mount(self) -> None:
        """Give the keys to the guest."""
        self.pane.give_keys()

    def show(self, topics: frozenset[store.Topic]) -> None:
        """Draw the guests' states."""
        if "instance" in topics:
            self.tick()

    def tick(self) -> None:
        """Draw rates, states and what silence may mean."""
        for pane in self.query(Pane):
            pane.tick()
        self._show_help()

    def targets(self) -> list[Target]:
        """Return the guest that has the keys."""
        pane = self.pane
        noun = self.app.store.find(Instance, pane.instance_id)
        return [Target(id=pane.instance_id, name=pane.guest, noun=noun)]

    @property
    def has_guest_keys(self) -> bool:
        """Whether all keys are a guest's just now."""
        return isinstance(self.focused, Terminal) and not self.focused.is_prefixed

    @property
    def pane(self) -> Pane:
        """The console that has the keys."""
        panes = list(self.query(Pane))
        return next((pane for pane in panes if pane.has_focus_within), panes[0])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keep letters that would reach a guest from whoever reads what it said."""
        return not (action in _IN_HISTORY and self.is_mounted and self.pane.is_reading())

    def action_read_back(self) -> None:
        """Show the lines before."""
        self.pane.read_back()

    def action_search(self) -> None:
        """Search the lines before."""
        self.pane.search()

    def action_read_from_boot(self) -> None:
        """Show the lines since the last boot."""
        self.pane.read_from_boot()

    def action_record(self) -> None:
        """Begin or end a recording in the folder the interface was started in."""
        pane = self.pane
        if pane.recorder:
            path = pane.recorder.path
            pane.stop_recording()
            self.app.say(f"recorded {path}: asciinema play shows it")
            return
        at = datetime.fromtimestamp(self.app.now_s(), UTC).astimezone()
        name = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in pane.guest)
        path = Path.cwd() / f"{name.lstrip('.') or 'guest'}-{at:%Y%m%d-%H%M%S}.cast"
        try:
            pane.start_recording(path)
        except OSError as error:
            self.app.say(f"cannot record into {path}: {error.strerror}", is_error=True)
        else:
            self.app.say(f"recording into {path}")
        self.tick()

    @work(group="acts")
    async def action_split(self) -> None:
        """Show another guest beside, or close the one that has not the keys."""
        panes = list(self.query(Pane))
        if len(panes) > 1:
            for pane in panes:
                if pane is not self.pane:
                    await pane.remove()
            self.remove_class("-split")
            return
        target = await self._another()
        if target:
            self.add_class("-split")
            pane = self._pane(target)
            await self.query_one("#panes").mount(pane, before="#letters")
            pane.give_keys()

    def action_other(self) -> None:
        """Give the keys to the other guest."""
        panes = list(self.query(Pane))
        at = panes.index(self.pane)
        panes[(at + 1) % len(panes)].give_keys()

    @work(group="acts")
    async def action_send(self) -> None:
        """Type a line or a file into the guest."""
        pane = self.pane
        text = await self.app.push_screen_wait(
            Ask("Send to the guest", note="a line of text, or @PATH for a file")
        )
        if not text:
            return
        if not text.startswith("@"):
            pane.terminal.paste(text + "\n")
            return
        try:
            content = await asyncio.to_thread(_read, text[1:])
        except (OSError, ValueError) as error:
            self.app.say(f"not sent: {error}", is_error=True)
            return
        pane.terminal.paste(content)
        self.app.say(f"sent {len(content)} characters")

    def action_send_break(self) -> None:
        """Send a break."""
        self.pane.ask(lambda line: line.send_break(), "break sent")

    def action_send_ctrl_alt_del(self) -> None:
        """Press Ctrl+Alt+Del."""
        self.pane.ask(lambda line: line.send_ctrl_alt_del(), "Ctrl+Alt+Del sent")

    def action_take(self) -> None:
        """Take the keyboard."""
        self.pane.ask(lambda line: line.take_over(), "the keyboard is yours")

    def action_fit(self) -> None:
        """Make the guest's screen as large as its place here."""
        pane = self.pane
        width, height = pane.content_size
        pane.resize_to(width, height - 1)  # the title's line

    def action_full(self) -> None:
        """Show the guest's screen alone, or not."""
        self.toggle_class("-full")

    def on_text_selected(self) -> None:
        """Copy what was chosen with the mouse, as terminals do: ``^c`` is the guest's."""
        if text := self.get_selected_text():
            self.app.copy_to_clipboard(text)

    @on(Terminal.Prefixed)
    def _prefixed(self, event: Terminal.Prefixed) -> None:
        self.set_class(event.is_on, "-prefixed")

    @on(Pane.Changed)
    def _pane_changed(self) -> None:
        self._show_help()

    def _show_help(self) -> None:
        pane = self.pane
        words = pane.notice()
        if words:
            sign = self.app.glyphs.attention
            words = f"{sign} {words} {self.app.glyphs.dot} ^] k sends Ctrl+Alt+Del, ^] q leaves"
        elif pane.is_reading():
            words = "/ search   n N next   Space choose   y copy   [ ] boots   q back to the guest"
        self.query_one("#help", Static).update(clean(words or _HELP))

    async def _another(self) -> Target | None:
        """Return another running guest: the only one, or the one chosen."""
        others = [
            Target(id=item.id, name=item.name, noun=item)
            for item in self.app.store.all(Instance)
            if item.id != self.pane.instance_id and item.vm_state == "active"
        ]
        if not others:
            self.app.say("no other guest is running", is_error=True)
            return None
        if len(others) == 1:
            return others[0]
        return await self.app.push_screen_wait(Choose("Split with", others))

    def _pane(self, target: Target) -> Pane:
        return Pane(target.id, target.name, self._open_line(target.id))


def _read(name: str) -> str:
    path = local.file(name)
    if path.stat().st_size > _SENT_BYTES_MAX:
        raise ValueError(f"{path} is larger than 1 MiB")
    return path.read_text()
