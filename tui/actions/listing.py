"""What every table can do."""

from __future__ import annotations

from typing import Final

from tui.actions.action import Action

ACTIONS: Final = (
    Action(id="list.filter", keys="/", label="filter", views=("lists",), does="screen.filter",
           purpose="Show only rows that match: word, !word, column:value; words add up."),
    Action(id="list.sort", keys="s", label="sort", views=("lists",), does="screen.sort",
           purpose="Sort by the next column.", is_shown=False),
    Action(id="list.mark", keys="space", label="mark", views=("lists",), does="screen.mark",
           purpose="Mark the row: actions work on all marked rows.", is_shown=False),
    Action(id="list.copy", keys="y", label="copy id", views=("lists",), does="screen.copy_id",
           purpose="Copy the object's id.", is_shown=False),
    Action(id="list.copy_as", keys="Y", label="copy as", views=("lists",), does="screen.copy_as",
           purpose="Copy the object as a shell line, an API call, JSON, or by its name.",
           is_shown=False),
)  # fmt: skip
