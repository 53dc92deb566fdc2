"""Every screen of the interface, and the keys that lead to it from Home."""

from __future__ import annotations

from typing import Any, Final

from textual.pilot import Pilot

from tests.tui import stage

KEYS_BY_SCREEN: Final[dict[str, list[str]]] = {
    "home": [],
    "instances": ["2"],
    "log": ["2", "l"],
    "images": ["3"],
    "objects": ["4", "down", "down", "enter"],
    "hexdump": ["4", "down", "down", "enter", "h"],
    "walk": ["3", "down", "down", "down", "W"],
    "volumes": ["5"],
    "services": ["7"],
    "messages": ["7", "tab"],
    "dead": ["7", "end", "tab"],
    "inside": ["7", "tab", "d"],
    "processes": ["7", "tab", "tab"],
    "service-log": ["7", "tab", "tab", "l"],
    "capacity": ["8"],
    "why": ["2", "w"],
    "what-if": ["8", "w"],
    "limits": ["8", "e"],
    "traces": ["9"],
    "journal": ["exclamation_mark"],
    "theatre": ["2", "t"],
    "run": ["n"],
    "help": ["2", "question_mark"],
    "palette": ["ctrl+p"],
    "command": ["colon"],
    "networks": ["6"],
    "path": ["6", "down", "down", "k", "ctrl+s"],
    "xray": ["2", "down", "down", "x", "down"],
    "users": [":users"],
    "projects": [":projects"],
    "keys": [":keys"],
    "flavors": [":flavors"],
    "groups": [":groups"],
    "new-user": [":users", "n"],
    "open-group": [":groups", "O"],
    "terminate": ["2", "ctrl+d"],
    "filter": ["2", "slash"],
}


async def reach(pilot: Pilot[Any], name: str) -> None:
    """Press the keys of a screen, from Home on; what starts with a colon is typed there."""
    for key in KEYS_BY_SCREEN[name]:
        if key.startswith(":"):
            await stage.press(pilot, "colon")
            await stage.write(pilot, key[1:], "enter")
        else:
            await stage.press(pilot, key)
    if name == "filter":
        await stage.write(pilot, "run")


async def leave(pilot: Pilot[Any]) -> None:
    """Go back to Home."""
    await stage.press(pilot, "escape", "escape", "1")
