"""``python -m tui``: the arguments, and nothing else before they are read; Textual comes last."""

from __future__ import annotations

import argparse
import gc
import os
import shlex
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from tui import glyphs, places, preferences
from tui.client import credentials
from tui.client.errors import ClientError

_THEMES = ("dark", "light", "deuter", "tritan", "contrast", "ansi")
_PRESETS = ("default", "k9s", "vim", "emacs")
_SCREENS = (*places.BY_NAME, "theatre", "run")


def main(arguments: list[str] | None = None) -> int:
    """Run the interface, or draw one screen into a file; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        liked = preferences.load(os.environ, themes=_THEMES)
        who = None if options.welcome else credentials.find(os.environ, cloud=options.cloud)
    except (ClientError, preferences.Unreadable) as error:
        return _misused(error)
    signs = glyphs.choose(options.glyphs or liked.glyphs or "auto", os.environ)
    theme = options.theme or liked.theme
    if options.screenshot and who:
        from tui import screenshot

        return screenshot.draw(
            who, view=options.screen, path=options.screenshot, signs=signs, theme=theme
        )
    if options.linear and who:
        from tui.linear import main as linear

        return linear.run(who, is_read_only=options.read_only)
    # without its terminal nobody sees it, though who started it may ignore that (nohup)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    gc.disable()
    os.environ.setdefault("TEXTUAL_FPS", "120")  # a key in between two frames waits 8 ms, not 16
    from tui import keymaps

    try:
        keys = keymaps.load(os.environ, wanted=options.keys or liked.keys)
    except keymaps.Unusable as error:
        return _misused(error)
    if options.welcome:
        return _welcome(options.welcome, user=options.user, signs=signs, theme=theme, keys=keys)
    from tui import cache
    from tui.app import Tui

    assert who is not None  # noqa: S101 - only a first run has nobody
    cached = cache.path_for(who, os.environ)
    app = Tui(
        who, signs=signs, theme=theme, keys=keys, cached=cached, is_read_only=options.read_only,
        painted=_keep_all,
    )  # fmt: skip
    app.run()
    return app.return_code or 0


def _keep_all() -> None:
    """What was made up to the first paint stays: it is not looked through for garbage, ever."""
    gc.freeze()
    gc.enable()


def _misused(error: Exception) -> int:
    print(f"tui: {error}", file=sys.stderr)
    return 2


def _welcome(
    novabox: str, *, user: str, signs: glyphs.Glyphs, theme: str, keys: Mapping[str, str]
) -> int:
    """Run the interface where there is no cloud yet; the status of what could not be undone."""
    from tui.app import Tui
    from tui.screens.welcome import Welcome
    from tui.setup.program import Program

    program = Program(shlex.split(novabox))
    app = Tui(
        signs=signs, theme=theme, keys=keys, first=lambda: Welcome(program=program, user=user),
        painted=_keep_all,
    )  # fmt: skip
    app.run()
    return app.return_code or 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tui", description="The cloud, in this terminal.")
    parser.add_argument(
        "--glyphs", choices=("auto", *glyphs.SETS), help="signs the terminal has (auto)"
    )
    parser.add_argument("--theme", choices=_THEMES, help="colours (default: what the terminal can)")
    parser.add_argument("--keys", choices=_PRESETS, help="the keys of another program")
    parser.add_argument(
        "--linear", action="store_true", help="numbered plain lines, for a screen reader"
    )
    parser.add_argument("--read-only", action="store_true", help="look, and change nothing")
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
