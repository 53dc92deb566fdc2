"""The colours: six themes of our own, kept as data, and what each meaning is drawn in."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

from textual.app import App
from textual.theme import Theme

from tui.glyphs import Meaning

NAMES: Final = ("dark", "light", "deuter", "tritan", "contrast", "ansi")
_OF_FEW_COLOURS: Final = ("linux", "vt220", "vt100", "ansi")  # bright colours fail on TERM=linux

COLOUR: Final[Mapping[Meaning, str]] = {
    "good": "$success",
    "busy": "$warning",
    "off": "$secondary",
    "attention": "bold $warning",
    "failed": "bold $error",
    "unknown": "$secondary",
}
"""The style of each meaning; colour is the last of three cues, after sign and word."""


@cache
def skin(name: str) -> Mapping[str, Any]:
    """Return a theme's data: ``purpose``, ``dark`` and its colours by what they are for.

    Raises KeyError, naming the nearest, for a name that is none.
    """
    if name not in NAMES:
        near = difflib.get_close_matches(name, NAMES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(NAMES)}"
        raise KeyError(f"no theme {name}: {hint}")
    text = (resources.files("tui") / "skins" / f"{name}.toml").read_text()
    return tomllib.loads(text)


def choose(app: App[Any], environ: Mapping[str, str], *, wanted: str = "") -> None:
    """Give ``app`` the theme ``wanted``, or one that its terminal can show."""
    has_few = environ.get("TERM", "") in _OF_FEW_COLOURS
    use(app, wanted or ("ansi" if has_few else "dark"))


def use(app: App[Any], name: str) -> None:
    """Give ``app`` the theme ``name``. Raises KeyError, naming the nearest."""
    theme = _theme(name)
    app.register_theme(theme)
    app.theme = theme.name


def _theme(name: str) -> Theme:
    of = skin(name)
    border, cursor, text = of["border"], of["cursor"], of["cursor_text"]
    return Theme(
        name=f"novabox-{name}", dark=of["dark"], ansi=name == "ansi",
        foreground=of["foreground"], background=of["background"], surface=of["background"],
        panel=of["panel"], boost=of["panel"], primary=of["primary"], secondary=of["dim"],
        accent=of["accent"], success=of["good"], warning=of["busy"], error=of["failed"],
        variables={
            "block-cursor-background": cursor, "block-cursor-foreground": text,
            "block-cursor-text-style": "bold",
            "input-cursor-background": of["accent"], "input-cursor-foreground": text,
            "input-selection-background": cursor, "input-selection-foreground": text,
            "screen-selection-background": cursor, "screen-selection-foreground": text,
            "ansi-background": "ansi_black", "ansi-foreground": "ansi_white",
            "border": border, "border-blurred": border,
        },
    )  # fmt: skip
