"""``python -m tui``: the arguments, and nothing else before they are read; Textual comes last."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from tui import glyphs
from tui.client import credentials
from tui.client.errors import ClientError

_SCREENS = ("home", "instances", "images", "volumes", "services", "traces", "theatre", "run")


def main(arguments: list[str] | None = None) -> int:
    """Run the interface, or draw one screen into a file; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        who = credentials.find(os.environ, cloud=options.cloud)
    except ClientError as error:
        print(f"tui: {error}", file=sys.stderr)
        return 2
    signs = glyphs.choose(options.glyphs, os.environ)
    if options.screenshot:
        from tui import screenshot

        return screenshot.draw(who, view=options.screen, path=options.screenshot, signs=signs)
    from tui.app import Tui

    app = Tui(who, signs=signs)
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
    return parser


if __name__ == "__main__":
    sys.exit(main())
