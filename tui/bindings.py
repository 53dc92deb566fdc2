"""The action registry as Textual bindings; decides nothing."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from tui import registry


def of(*views: str) -> list[BindingType]:
    """Return the bindings of the views' actions; their ids are the actions' (for key maps)."""
    return [
        Binding(
            action.keys,
            action.does or f"app.act('{action.id}')",
            action.label,
            show=action.is_shown,
            tooltip=action.purpose,
            id=action.id,
        )
        for action in registry.of_view(*views)
    ]
