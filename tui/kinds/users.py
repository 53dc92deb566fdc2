"""Users: who can log in, and with which roles where. Administrators see them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tui import quantities
from tui.client.nouns import Project, User
from tui.kinds.kind import Kind, Line, Pen, dotted, state
from tui.widgets.columns import Column


def _columns(pen: Pen) -> Sequence[Column[User]]:
    return [
        Column(name="ID", width=8, cell=lambda item: (item.id[:8], "dim"), drop=2),
        Column(name="NAME", width=14, weight=1, cell=lambda item: (item.name, "")),
        Column(name="STATE", width=10, cell=lambda item: state(
            pen, ("enabled", "good") if item.is_enabled else ("disabled", "off"))),
        Column(name="PROJECT", width=12, weight=1, cell=lambda item: (_home(item, pen), "")),
        Column(name="ROLES", width=24, weight=2, cell=lambda item: (_roles(item), "")),
    ]  # fmt: skip


def _detail(item: User, pen: Pen, is_wide: bool) -> Iterable[Line]:
    yield dotted(pen, f"id {item.id}", f"domain {item.domain_id}")
    if item.password_set_at:
        yield f"password set {quantities.since(item.password_set_at, now_s=pen.now_s())} ago"
    else:
        yield "has a password" if item.has_password else "has no password: cannot log in by one"
    for grant in item.roles[:6]:
        yield f"{grant.role} in {grant.project or 'the whole system'}"
    if not item.roles:
        yield "has no role anywhere: O gives one"


def _home(item: User, pen: Pen) -> str:
    project = pen.store.find(Project, item.default_project_id or "")
    return project.name if project else (item.default_project_id or "-")[:12]


def _roles(item: User) -> str:
    return ", ".join(f"{one.role}@{one.project or 'system'}" for one in item.roles) or "-"


KIND: Final = Kind(
    noun=User,
    topic="user",
    title="Users",
    purpose="Who can log in, and what they may where.",
    name=lambda item: item.name,
    columns=_columns,
    show=("openstack", "user", "show"),
    order=lambda item: item.name,
    detail=_detail,
    empty="only an administrator sees users",
    follows=frozenset({"project"}),
)
