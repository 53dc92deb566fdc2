"""The first run: is this machine ready, what mends it, and a cloud set up before one's eyes.

Everything is done by the command `novabox`, so it can be done without this screen too. Leaving it
before the end undoes what it did.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import ClassVar, Final

from textual import on
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from tui import bindings, themes
from tui.actions.action import Target
from tui.client import credentials
from tui.client.errors import ClientError
from tui.glyphs import Glyphs, Meaning
from tui.screens.view import View
from tui.setup import steps
from tui.setup.checks import Check, Findings
from tui.setup.program import Program, ProgramFailed
from tui.setup.steps import Progress, Step
from tui.widgets.columns import Column
from tui.widgets.panel import Panel
from tui.widgets.spans import clean
from tui.widgets.table import Table

_BAR: Final = 10
_MEANING_BY_STATE: Final[dict[steps.State, Meaning]] = {
    "waits": "off", "runs": "busy", "done": "good", "failed": "failed",
}  # fmt: skip


class Welcome(View):
    """The doctor's findings over the parts of setting up; ``user`` is who logs in at the end."""

    AUTO_FOCUS = "#checks Table"
    BINDINGS: ClassVar[list[BindingType]] = bindings.of("welcome")
    CRUMBS: ClassVar[list[str]] = ["Welcome"]

    def __init__(self, *, program: Program, user: str) -> None:
        super().__init__()
        self._program = program
        self._user = user
        self._findings = Findings()
        self._fixed_before: frozenset[str] | None = None  # known from the first look on
        self._up = Progress(steps=steps.of_up())
        self._demo = Progress(steps=steps.of_demo())
        self._has_started = False  # something that leaving must undo
        self._is_whole = False  # a first image and instance, too
        self._is_up = False
        self._is_leaving = False
        self._busy = ""  # what the command that runs is for
        self._told = ""  # how the last one ended, if there is something to say

    def body(self) -> Iterable[Widget]:
        """Return findings, the fix of the chosen one, the parts."""
        with Vertical(classes="box", id="checks"):
            yield Table(_columns(self.app.glyphs), key=lambda check: check.name)
        yield Panel("Fix", widget_id="fix", wraps=True)
        yield Panel("Set up", widget_id="steps")

    def on_mount(self) -> None:
        """Look at the machine."""
        self.action_look()

    def tick(self) -> None:
        """Draw how long it takes."""
        self._draw()

    def targets(self) -> list[Target]:
        """Return the finding under the cursor."""
        check = self._table.current
        return [Target(id=check.name, name=check.name)] if check else []

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return None for what would do nothing now."""
        check = self._table.current if self.is_mounted else None
        can = {
            "fix": check is not None and check.is_fixable and not check.is_well,
            "unfix": check is not None and check.is_fixed,
            "start_only": not self._is_up,
        }
        return True if can.get(action, True) and not self._busy else self._never(action)

    def action_look(self) -> None:
        """Ask the doctor."""
        self._begin("looking at the machine", self._look)

    def action_fix(self) -> None:
        """Mend the chosen finding."""
        check = self._table.current
        if check is not None and check.is_fixable and not check.is_well:
            self._begin(f"running: {check.fix}", lambda: self._look("--fix", check.name))

    def action_unfix(self) -> None:
        """Take a fix back."""
        check = self._table.current
        if check is not None and check.is_fixed:
            self._begin(f"running: {check.undo}", lambda: self._take_back(check.name))

    def action_go(self) -> None:
        """Set up; when that is done, go to the cloud."""
        if self._is_up:
            self._begin("logging in", self._enter)
        else:
            self._start(is_whole=not self._findings.has_state)

    def action_start_only(self) -> None:
        """Set up a cloud with nothing in it."""
        if not self._is_up:
            self._start(is_whole=False)

    def _start(self, *, is_whole: bool) -> None:
        if self._findings.is_ready:
            self._is_whole = is_whole
            self._begin("setting up", self._set_up)
        elif not self._busy:
            self.app.say("first mend what is red: f runs the line below it", is_error=True)

    def action_log(self) -> None:
        """Show all that the commands said."""
        output = importlib.import_module("tui.screens.output")
        self.app.push_screen(output.Output("novabox", self._program.said))

    def leave(self) -> None:
        """Quit at once where nothing was done; else say what that undoes, and then undo it."""
        if self._is_leaving or not (self._has_started or self._fixed_here()):
            self._is_leaving = True
            self.run_worker(self._undo_all(), group="setup", exclusive=True)
        else:
            self._is_leaving = True
            self._told = "^q again stops, and undoes all that was done here; Esc stays"
            self._draw()

    def go_back(self) -> bool:
        """Stay."""
        if self._is_leaving:
            self._is_leaving, self._told = False, ""
            self._draw()
        return True

    def _begin(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do one thing at a time; what it is, and why it failed, stands in the box."""
        if self._busy:
            return
        self._busy, self._told = what, ""

        async def run() -> None:
            try:
                await work()
            except (ProgramFailed, ClientError) as error:
                self._told = str(error)
            finally:
                self._busy = ""
                self._draw()

        self._draw()
        self.run_worker(run(), group="setup")

    async def _look(self, *options: str) -> None:
        document = await self._program.document("doctor", *options, "--json")
        self._findings = Findings.read(document)
        if self._fixed_before is None:
            self._fixed_before = self._findings.fixed
        self._table.update(self._findings.checks)

    async def _take_back(self, name: str) -> None:
        async for _ in self._program.lines("doctor", "--undo", name):
            pass
        await self._look()

    async def _set_up(self) -> None:
        self._has_started = True
        await self._follow(self._up, "up", "--detach")
        self._is_up = True
        if self._is_whole:
            await self._follow(self._demo, "demo")

    async def _follow(self, progress: Progress, *arguments: str) -> None:
        progress.begin(time.monotonic())
        try:
            async for line in self._program.lines(*arguments):
                progress.take(line, time.monotonic())
                self._draw()
        except ProgramFailed:
            progress.fail()
            raise
        progress.finish(time.monotonic())

    async def _enter(self) -> None:
        variables = await self._program.document("env", "--user", self._user, "--json")
        self.app.enter(credentials.find(variables))

    async def _undo_all(self) -> None:
        """As it was before: the cloud first, then what was mended for it, then its folder."""
        await self._program.stop()
        undoing: list[tuple[str, ...]] = [("down",)] if self._has_started else []
        undoing += [("doctor", "--undo", name) for name in sorted(self._fixed_here())]
        if self._has_started and not self._findings.has_state:
            undoing.append(("reset", "--yes"))
        for arguments in undoing:
            self._busy = f"undoing: novabox {' '.join(arguments)}"
            self._draw()
            try:
                async for _ in self._program.lines(*arguments):
                    pass
            except ProgramFailed as error:  # what it could not undo is said when the screen is gone
                self.app.exit(return_code=1, message=f"novabox {' '.join(arguments)}: {error}")
                return
        self.app.exit()

    def _fixed_here(self) -> frozenset[str]:
        return self._findings.fixed - (self._fixed_before or frozenset())

    @on(Table.Moved, "#checks Table")
    def _moved(self) -> None:
        self._draw()

    @on(Table.Chosen, "#checks Table")
    def _entered(self) -> None:
        self.action_go()

    def _never(self, action: str) -> bool | None:
        """What runs commands waits while one runs; what is only looking never does."""
        return None if action in ("fix", "unfix", "start_only", "go", "look") else True

    def _draw(self) -> None:
        if not (self.query("#checks Table") and self.query("#steps")):
            return  # the screen was closed: what was under way may still end after that
        self.refresh_bindings()
        self._draw_fix()
        panel = self.query_one("#steps", Panel)
        now_s = time.monotonic()
        parts = [*self._up.steps, *(self._demo.steps if self._is_whole else ())]
        lines = [*(self._step(step, now_s) for step in parts), Content("")]
        panel.show(*(lines if self._has_started else ()), *self._last_lines())
        self.set_class(self._has_started, "-started")
        box = self.query_one("#checks")
        well = sum(check.is_well for check in self._findings.checks)
        count = f"  {well} of {len(self._findings.checks)} well" if self._findings.checks else ""
        box.border_title = f"Is this machine ready to be a cloud?{count}"

    def _draw_fix(self) -> None:
        panel, check = self.query_one("#fix", Panel), self._table.current
        if check is None:
            panel.show("")
            return
        lines = [] if check.is_well else [f"{'f runs' if check.is_fixable else 'do'}: {check.fix}"]
        if check.is_fixed:
            lines.append(f"u takes back what was mended: {check.undo}")
        elif check.undo and not check.is_well:
            lines.append(f"u takes it back: {check.undo}")
        panel.show(clean(check.finding), *(clean(line) for line in lines))

    def _step(self, step: Step, now_s: float) -> Content:
        glyphs, meaning = self.app.glyphs, _MEANING_BY_STATE[step.state]
        took_s = now_s - step.started_s if step.state == "runs" else step.took_s
        took = f"{took_s:5.1f} s" if took_s else ""
        count = f"{step.done} of {step.wanted}  " if step.wanted > 1 else ""
        note = f"{count}{step.note}"
        return Content.assemble(
            (f"{glyphs.state(meaning)} ", themes.COLOUR[meaning]),
            f"{step.name:<24}",
            (glyphs.bar(step.done / step.wanted, width=_BAR), themes.COLOUR[meaning]),
            f" {took:>8}  ",
            (clean(note), "$secondary"),
        )

    def _last_lines(self) -> Iterable[Content]:
        """What happens, how it ended, what comes next."""
        if self._busy:
            yield Content(clean(f"{self._busy}{self.app.glyphs.ellipsis}"))
            return
        for line in self._told.splitlines():
            yield Content.styled(clean(line), themes.COLOUR["attention"])
        if self._is_up:
            yield Content.styled("The cloud is up. Enter goes to it.", themes.COLOUR["good"])
        elif not self._findings.is_ready:
            yield Content("Mend what is red: f runs the line above, and u takes it back.")
        elif self._findings.has_state:
            yield Content("Enter starts the cloud as it was; ^q stops it again.")
        else:
            yield Content("Enter sets up a cloud, and a first instance in it; ^q undoes it all.")

    @property
    def _table(self) -> Table[Check]:
        return self.query_one("#checks Table", Table)


def _columns(glyphs: Glyphs) -> Sequence[Column[Check]]:
    return [
        Column(name="CHECK", width=18,
               cell=lambda item: (f"{glyphs.state(item.meaning)} {item.name}", item.meaning)),
        Column(name="FOUND", width=30, weight=1, cell=lambda item: (item.finding, "")),
        Column(name="", width=7, cell=lambda item: ("mended" if item.is_fixed else "", "dim")),
    ]  # fmt: skip
