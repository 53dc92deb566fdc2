"""The command `novabox` as a program of its own: its lines as they come, its documents, its end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

_LAST_LINES: Final = 3  # of a command that failed: where commands say why
_STOP_S: Final = 10.0
_LINE_BYTES_MAX: Final = 1 << 20  # a document is one line, or many: more is no answer of ours


class ProgramFailed(Exception):
    """A command ended with another status than 0; its text is what it said last."""


@dataclass(slots=True)
class Program:
    """How it is called, and the command that runs now, if any; one runs at a time."""

    argv: Sequence[str]
    said: list[str] = field(default_factory=list)
    _running: asyncio.subprocess.Process | None = None

    async def lines(self, *arguments: str) -> AsyncIterator[str]:
        """Run a command; yield its lines as it prints them. Raises ProgramFailed."""
        process = await self._start(*arguments, stderr=asyncio.subprocess.STDOUT)
        last: list[str] = []
        out = process.stdout
        try:
            while out is not None and (raw := await out.readline()):
                line = raw.decode(errors="replace").rstrip()
                self.said.append(line)
                last = [*last, line][-_LAST_LINES:] if line else last
                yield line
            if await process.wait():
                raise ProgramFailed("\n".join(last) or f"it ended with {process.returncode}")
        finally:
            await self.stop()

    async def document(self, *arguments: str) -> Any:
        """Run a command that prints JSON; what it printed, however it ended.

        Raises ProgramFailed when that is no JSON.
        """
        process = await self._start(*arguments, stderr=asyncio.subprocess.PIPE)
        try:
            out, err = await process.communicate()
        finally:
            await self.stop()
        try:
            return json.loads(out)
        except ValueError as error:
            said = (err or out).decode(errors="replace").strip().splitlines()
            raise ProgramFailed("\n".join(said[-_LAST_LINES:]) or str(error)) from error

    async def stop(self) -> None:
        """End the command that runs, if one does: as Ctrl-C would, then by force."""
        process, self._running = self._running, None
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
            try:
                await asyncio.wait_for(process.wait(), _STOP_S)
            except TimeoutError:
                process.kill()
                await process.wait()

    async def _start(self, *arguments: str, stderr: int) -> asyncio.subprocess.Process:
        self.said.append(f"$ novabox {' '.join(arguments)}")
        self._running = await asyncio.create_subprocess_exec(
            *self.argv, *arguments,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=stderr,
            env=os.environ | {"LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1"},
            limit=_LINE_BYTES_MAX,
        )  # fmt: skip
        return self._running
