"""Instances: the live list, what is known of the chosen one, its console log."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar, Final

from textual import work
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widget import Widget

from tui import bindings
from tui.actions.action import Target
from tui.client import openstack, verbs
from tui.client.nouns import Instance
from tui.kinds import instances
from tui.screens.resource import Resource
from tui.widgets import instance_detail
from tui.widgets.console_log import ConsoleLog

_DECIDED: Final = ("active", "error")  # whether it was launched
_LOG_LINES: Final = 300
_LOG_EVERY_S: Final = 2.0


class Instances(Resource):
    """The servers of the project."""

    KIND = instances.KIND
    IS_OF_USAGE = True
    BINDINGS: ClassVar[list[BindingType]] = bindings.of("instances")

    def __init__(self) -> None:
        super().__init__()
        self._logged = ""

    def body(self) -> Iterable[Widget]:
        """Return the list, and the log under it."""
        yield from super().body()
        with Vertical(classes="box", id="log"):
            yield ConsoleLog()

    def show_rows(self) -> None:
        """Draw the rows; open the console that is waited for, once its guest is on."""
        super().show_rows()
        awaited = self.app.store.find(Instance, self.app.awaited)
        if awaited and awaited.vm_state in _DECIDED and self.is_current:
            self.app.awaited = ""
            if awaited.vm_state == "active":
                target = Target(id=awaited.id, name=awaited.name, noun=awaited)
                self.run_worker(self.app.open_console(target), group="acts")

    def action_toggle_log(self) -> None:
        """Show or hide the console log."""
        self.toggle_class("-log")
        self._follow_log()

    def go_back(self) -> bool:
        """Close the log first."""
        if self.has_class("-log"):
            self.action_toggle_log()
            return True
        return super().go_back()

    def show_chosen(self) -> None:
        """Draw what is known of the chosen instance; its log, if it is another one."""
        super().show_chosen()
        chosen = self.table.current.key if self.table.current else ""
        if chosen != self._logged:
            self._follow_log()

    @work(exclusive=True, group="log")
    async def _follow_log(self) -> None:
        """Ask for the console of the chosen instance again and again while it is in sight."""
        log = self.query_one(ConsoleLog)
        log.clear()
        instance: Instance | None = self.table.current
        self._logged = instance.key if instance else ""
        if not self.has_class("-log") or instance is None:
            return
        self.query_one("#log").border_title = instance_detail.title(instance) + " console"
        while self.is_current:
            call = verbs.compute.console_output(instance.id, lines=_LOG_LINES)
            output = await self.app.ask(call, openstack.console)
            if output is None:
                return
            log.update(output or "(nothing yet)")
            await asyncio.sleep(_LOG_EVERY_S)
