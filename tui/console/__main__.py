"""``novabox console INSTANCE``: a guest's serial console in this terminal, which is left as it was.

Every key goes to the guest but ``^]``, whose next letter is for the cloud. Nothing is resized.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import Sequence
from typing import Final

from tui.client import credentials, verbs
from tui.client.errors import ClientError, Refused
from tui.client.session import Session
from tui.console.client import ConsoleLine
from tui.console.raw import Screen

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; 0 left, 1 failed (the reason is on stderr), 2 misused, 143 told to end."""
    options = parser().parse_args(arguments)
    try:
        return asyncio.run(_run(options))
    except (ClientError, OSError) as error:
        print(f"novabox: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """The command; the reference shows its help too."""
    console = argparse.ArgumentParser(
        prog="novabox console",
        description="A guest's serial console, in this terminal. Every key goes to the guest but "
        "^], whose next letter is for the cloud: q leaves, ? tells the others.",
    )
    console.add_argument("instance", help="its name or id")
    console.add_argument("--log", action="store_true", help="print what was kept of it, and end")
    console.add_argument(
        "--force", action="store_true", help="take the keyboard from whoever types there"
    )
    console.add_argument("--cloud", help="a cloud of clouds.yaml (default: OS_CLOUD, else OS_*)")
    return console


async def _run(options: argparse.Namespace) -> int:
    who = credentials.find(os.environ, cloud=options.cloud)
    async with Session(who) as session:
        line = ConsoleLine(session, await _id(session, options.instance))
        if options.log:
            async with contextlib.aclosing(line.kept()) as pieces:
                async for piece in pieces:
                    await asyncio.to_thread(_print, piece)
            return 0
        if options.force:
            await line.take_over()
        ends = {"stdin": sys.stdin.fileno(), "stdout": sys.stdout.fileno()}
        with Screen(line, name=options.instance, **ends) as screen:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, screen.end, 128 + number)
            return await screen.run()


async def _id(session: Session, name: str) -> str:
    """The instance of this id or name. Raises Refused."""
    if _UUID.fullmatch(name):
        return name
    found = (await session.send(verbs.compute.servers())).body["servers"]
    ids = [server["id"] for server in found if server["name"] == name]
    if len(ids) != 1:
        said = f"{len(ids)} instances are called {name}: say which by id" if ids else \
            f"no instance is called {name}"  # fmt: skip
        raise Refused(said, status=404)
    return str(ids[0])


def _print(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
