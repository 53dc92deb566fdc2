"""The colours: one theme of our own, and the terminal's sixteen where there are no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from textual.app import App
from textual.theme import Theme

from tui.glyphs import Meaning

NOVABOX: Final = Theme(
    name="novabox",
    primary="#7aa2f7",
    secondary="#9aa5ce",
    accent="#e0af68",
    success="#9ece6a",
    warning="#ffc777",
    error="#ff757f",
    foreground="#d5d9e6",
    background="#14161d",
    surface="#14161d",
    panel="#1e2230",
    boost="#1e2230",
    dark=True,
    variables={
        "block-cursor-background": "#33467c",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-text-style": "bold",
        "border": "#3b4261",
        "border-blurred": "#3b4261",
    },
)

COLOUR: Final[Mapping[Meaning, str]] = {
    "good": "$success",
    "busy": "$warning",
    "off": "$secondary",
    "attention": "bold $warning",
    "failed": "bold $error",
    "unknown": "$secondary",
}
"""The style of each meaning; colour is the last of three cues, after sign and word."""


def choose(app: App[Any], environ: Mapping[str, str]) -> None:
    """Give ``app`` the theme that its terminal can show: bright colours fail on TERM=linux."""
    app.register_theme(NOVABOX)
    has_few = environ.get("TERM", "") in ("linux", "vt220", "vt100", "ansi")
    app.theme = "ansi-dark" if has_few else NOVABOX.name
