"""One tab's process: textual-serve's, without a shell, with its owner's environment, sure to end.

What a browser's user can do is what this process may: it is started with nothing of the server's
environment, and where root serves it runs under a number of its own, with no privileges.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from textual_serve.app_service import AppService

if TYPE_CHECKING:
    from tui.client.credentials import Credentials
    from tui.serve.logins import Login

TRIAL_UID: Final = 60_599  # beside those that logins get
_QUIT_S: Final = 3.0  # the interface closes its streams and goes
_TERM_S: Final = 2.0
_KEPT: Final = (
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "PYTHONPATH",
    "SSL_CERT_FILE",
    "OS_CACERT",
    "OS_INSECURE",
)


class TuiProcess(AppService):
    """The process behind one tab of ``login``."""

    login: Login
    is_confined: bool = True
    _now_s: Callable[[], float]
    options: Sequence[str] = ()
    home: Path = Path("/nonexistent")
    _starting: asyncio.Future[None] | None = None
    _stopping: asyncio.Future[None] | None = None

    def belong_to(self, login: Login, *, now_s: Callable[[], float]) -> None:
        """Count as a tab of ``login`` from now until the process has ended."""
        self.login = login
        self._now_s = now_s
        login.tabs.add(self)

    async def start(self, width: int, height: int) -> None:
        """Start the process; a start that is under way is seen through, so that it can be ended."""
        self._starting = asyncio.ensure_future(super().start(width, height))
        await asyncio.shield(self._starting)

    @property
    def pid(self) -> int | None:
        """The process's id while it was not waited for."""
        return self._process.pid if self._process else None

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        """Return the child's whole environment; nothing else of the server's gets there."""
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        return kept | of_user(self.login.who) | {
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home),
            "NOVABOX_TUI_SERVED": "1",
            "TERM": "xterm-256color",
            "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver",
            "TEXTUAL_COLOR_SYSTEM": "truecolor",
            "COLUMNS": str(width),
            "ROWS": str(height),
        }  # fmt: skip

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        """Start the interface; it dies with this server, however that ends."""
        wrap = dying_with_us(self.login.uid if self.is_confined else None)
        self._process = process = await asyncio.create_subprocess_exec(
            *wrap, sys.executable, "-m", "tui", *self.options,
            stdin=PIPE, stdout=PIPE, stderr=PIPE,
            env=self._build_environment(width, height), cwd=self.home, start_new_session=True,
        )  # fmt: skip
        self._stdin = process.stdin
        return process

    async def on_data(self, payload: bytes) -> None:
        """Pass to the browser what the process drew; one that is gone is no reason to stop."""
        with contextlib.suppress(ConnectionError, RuntimeError):
            await super().on_data(payload)

    async def stop(self) -> None:
        """Ask the process to leave, then make it. Who calls this again waits for the same end."""
        if self._stopping is None:
            self._stopping = asyncio.ensure_future(self._stop())
            self._stopping.add_done_callback(self._stopped)
        await asyncio.shield(self._stopping)

    def _stopped(self, _: object) -> None:
        self.login.tabs.discard(self)
        self.login.used_at_s = self._now_s()

    async def _stop(self) -> None:
        if self._starting is not None:
            await asyncio.wait([self._starting])
        process, self._process = self._process, None
        if process is None:
            return
        await self._download_manager.cancel_app_downloads(app_service_id=self.app_service_id)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_QUIT_S):
                await self.send_meta({"type": "quit"})
                await process.wait()
        if process.returncode is None:
            await _end(process)
        if self._task is not None:
            await self._task


def of_user(who: Credentials) -> dict[str, str]:
    """Return the OS_* variables by which the interface logs in as ``who``."""
    return {
        "OS_AUTH_URL": who.auth_url,
        "OS_USERNAME": who.username,
        "OS_PASSWORD": who.password,
        "OS_PROJECT_NAME": who.project_name,
        "OS_USER_DOMAIN_NAME": who.user_domain_name,
        "OS_PROJECT_DOMAIN_NAME": who.project_domain_name,
    }


def dying_with_us(uid: int | None) -> list[str]:
    """Return what a tab's command line begins with: death with its parent, privileges given up.

    Where root serves, ``uid`` is the number to run under; None keeps root's, with its files.
    """
    words = ["setpriv", "--pdeathsig", "TERM", "--no-new-privs"]
    if os.geteuid() == 0:
        words += ["--bounding-set=-all", "--inh-caps=-all"]
        if uid is not None:
            words += [f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
    return [*words, "--"]


def why_not_confined() -> str:
    """Return why no session could start under a number of its own, or an empty text."""
    trial = [*dying_with_us(TRIAL_UID), sys.executable, "-c", "import tui.app"]
    done = subprocess.run(trial, capture_output=True, text=True, timeout=60, check=False, cwd="/")
    return done.stderr.strip()[-300:] if done.returncode else ""


async def _end(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _TERM_S)
            return
        process.kill()
        await process.wait()
