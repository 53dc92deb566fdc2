"""The terminal of the interface: sleeps while no key comes, and says when it has taken a frame.

Textual's own driver looks for keys ten times a second, and lets thirty frames wait for a slow
line. Knows nothing of what is drawn.
"""

from __future__ import annotations

import io
import os
import selectors
import sys
from codecs import getincrementaldecoder
from collections.abc import Callable
from typing import IO, Any, Final

from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

_READ_BYTES: Final = 4096
_HALF_KEY_S: Final = 0.02  # how late it may be noticed that nothing follows an escape


class TerminalDriver(LinuxDriver):
    """Textual's driver for terminals, quieter.

    ``started`` is called when the terminal was taken over and shows anything, ``taken`` when it
    has taken what was written, if ``is_waited_for``; both in the app's loop.
    """

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self.started: Callable[[], None] = lambda: None
        self.taken: Callable[[], None] = lambda: None
        self.is_waited_for = False
        self._written = 0
        self._line = _Line(sys.__stderr__, self._gone)
        self._file: Any = self._line  # of which the thread that writes is made
        self._wake_read, self._wake_write = os.pipe()

    @property
    def is_busy(self) -> bool:
        """Whether the terminal has not taken all that was written."""
        return self._written != self._line.taken

    def write(self, data: str) -> None:
        """Write, in a thread of its own."""
        self._written += 1
        super().write(data)

    def start_application_mode(self) -> None:
        """Take the terminal over."""
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's is not
        self.started()

    def disable_input(self) -> None:
        """Wake the thread that reads keys, and wait for its end."""
        os.write(self._wake_write, b".")
        super().disable_input()
        os.read(self._wake_read, 1)

    def run_input_thread(self) -> None:
        """Hand on keys; without any, and without half of one, sleep."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake_read, selectors.EVENT_READ)
            selector.register(self.fileno, selectors.EVENT_READ)
            patience_s: float | None = None
            while not self.exit_event.is_set():
                if any(key.fd == self.fileno for key, _ in selector.select(patience_s)):
                    data = os.read(self.fileno, _READ_BYTES)
                    if not data:
                        selector.unregister(self.fileno)  # it is closed: nothing comes any more
                    for message in parser.feed(decode(data)) if data else ():
                        self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)
                patience_s = None if parser._timeout_time is None else _HALF_KEY_S

    def _gone(self) -> None:
        """In the thread that writes: the terminal has taken all there was."""
        if self.is_waited_for:
            self.is_waited_for = False
            self._loop.call_soon_threadsafe(self.taken)


class _Line:
    """The terminal's file, that counts what it was given and what of it is gone."""

    def __init__(self, file: IO[str] | None, gone: Callable[[], None]) -> None:
        self.taken = 0
        self._given = 0
        self._file = file or io.StringIO()  # a process without stderr draws for nobody
        self._is_gone = gone

    def write(self, text: str) -> int:
        self._given += 1
        return self._file.write(text)

    def flush(self) -> None:
        self._file.flush()
        self.taken = self._given
        self._is_gone()

    def fileno(self) -> int:
        return self._file.fileno()
