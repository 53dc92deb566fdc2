"""``python -m tui``: the arguments, and nothing else before they are read; Textual comes last."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path

from tui import glyphs
from tui.client import credentials
from tui.client.errors import ClientError

_SCREENS = ("home", "instances", "images", "volumes", "services", "traces", "theatre", "run")


def main(arguments: list[str] | None = None) -> int:
    """Run the interface, or draw one screen into a file; return the exit status."""
    options = _parser().parse_args(arguments)
    signs = glyphs.choose(options.glyphs, os.environ)
    if options.welcome:
        return _welcome(options.welcome, user=options.user, signs=signs)
    try:
        who = credentials.find(os.environ, cloud=options.cloud)
    except ClientError as error:
        print(f"tui: {error}", file=sys.stderr)
        return 2
    if options.screenshot:
        from tui import screenshot

        return screenshot.draw(who, view=options.screen, path=options.screenshot, signs=signs)
    from tui import cache
    from tui.app import Tui

    app = Tui(who, signs=signs, cached=cache.path_for(who, os.environ))
    app.run()
    return app.return_code or 0


def _welcome(novabox: str, *, user: str, signs: glyphs.Glyphs) -> int:
    """Run the interface where there is no cloud yet; the status of what could not be undone."""
    from tui.app import Tui
    from tui.screens.welcome import Welcome
    from tui.setup.program import Program

    program = Program(shlex.split(novabox))
    app = Tui(signs=signs, first=lambda: Welcome(program=program, user=user))
    app.run()
    return app.return_code or 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tui", description="The cloud, in this terminal.")
    parser.add_argument(
        "--glyphs", choices=("auto", *glyphs.SETS), default="auto", help="signs the terminal has"
    )
    parser.add_argument("--cloud", help="a cloud of clouds.yaml (default: OS_CLOUD, else OS_*)")
    parser.add_argument(
        "--screenshot", type=Path, metavar="FILE.svg", help="draw one screen into a file, and end"
    )
    parser.add_argument("--screen", choices=_SCREENS, default="home", help="which (default: home)")
    parser.add_argument(
        "--welcome", metavar="NOVABOX", help="there is no cloud yet: set one up by this command"
    )
    parser.add_argument("--user", default="demo", help="who logs in to the cloud that is set up")
    return parser


if __name__ == "__main__":
    sys.exit(main())
