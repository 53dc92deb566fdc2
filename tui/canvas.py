"""Textual's app with a thrifty terminal: what it draws goes through ``tui.painter``.

The one place that knows how Textual hands over what it has drawn (8.2: ``App._display``).
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

from rich.color import ColorSystem
from rich.console import RenderableType
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.screen import Screen

from tui.painter import Painter
from tui.terminal import TerminalDriver

R = TypeVar("R")
_SYNC_MIN: Final = 512  # shorter frames reach the terminal in one piece anyway


class Canvas(App[R]):
    """An app that sends only what differs, and never more than one frame ahead."""

    _painter: Painter | None = None

    def get_driver_class(self) -> type[Driver]:
        """Return ours for a terminal; a browser's (``TEXTUAL_DRIVER``) stays as it is."""
        chosen = super().get_driver_class()
        return TerminalDriver if chosen is LinuxDriver else chosen

    def repaint(self) -> None:
        """Send the whole screen again: other programs may have written on it."""
        if self._painter is not None:
            self._painter.forget()
            self.refresh()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        driver = self._driver
        if (
            not isinstance(renderable, ChopsUpdate | LayoutUpdate)
            or driver is None or driver.is_inline or self.is_headless
            or self._batch_count or self._closed or not self._running
        ):  # fmt: skip
            super()._display(screen, renderable)
            return
        painter = self._painter_for(driver)
        if isinstance(renderable, LayoutUpdate):
            _take_layout(painter, renderable)
        else:
            _take_chops(painter, renderable)
        self._send_frame()
        self.post_display_hook()

    def _painter_for(self, driver: Driver) -> Painter:
        size = self.size
        if self._painter is None:
            self._painter = Painter(self.console._color_system or ColorSystem.TRUECOLOR)
            if isinstance(driver, TerminalDriver):
                driver.taken, driver.started = self._send_frame, self._painter.forget
        if self._painter.size != size:
            self._painter.resize(*size)
        return self._painter

    def _send_frame(self) -> None:
        """Send what was taken, unless the terminal is busy: then once it is not."""
        driver, painter = self._driver, self._painter
        if driver is None or painter is None or not painter.is_behind or self._closed:
            return
        if isinstance(driver, TerminalDriver):
            driver.is_waited_for = True  # before looking: it may become idle at any moment
            if driver.is_busy:
                return
            driver.is_waited_for = False
        where = self.screen.outer_size.clamp_offset(self.cursor_position)
        cursor = None if where == (0, 0) else where  # no widget asked for it
        frame = painter.frame(cursor)
        if not frame:
            return
        if self._sync_available and len(frame) > _SYNC_MIN:
            frame = f"{SYNC_START}{frame}{SYNC_END}"
        driver.write(frame)
        driver.flush()


def _take_layout(painter: Painter, update: LayoutUpdate) -> None:
    for y, strips in enumerate(update.strips, update.region.y):
        x = update.region.x
        for strip in strips:
            x = painter.take(x, y, strip)


def _take_chops(painter: Painter, update: ChopsUpdate) -> None:
    """As ``ChopsUpdate.render_segments``: of each span the strips that lie in it."""
    for y, x1, x2 in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is None or x > x2 or end <= x1:
                continue
            is_whole = x2 > x >= x1 and end <= x2
            painter.take(x, y, strip if is_whole else strip.crop(0, min(end, x2) - x))
