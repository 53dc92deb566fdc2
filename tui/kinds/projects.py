"""Projects: what everything belongs to. Administrators see them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tui.client.nouns import Instance, Project, User
from tui.kinds.kind import Kind, Line, Pen, dotted, state
from tui.widgets.columns import Column


def _columns(pen: Pen) -> Sequence[Column[Project]]:
    return [
        Column(name="ID", width=8, cell=lambda item: (item.id[:8], "dim"), drop=1),
        Column(name="NAME", width=14, weight=1, cell=lambda item: (item.name, "")),
        Column(name="STATE", width=10, cell=lambda item: state(
            pen, ("enabled", "good") if item.is_enabled else ("disabled", "off"))),
        Column(name="INSTANCES", width=9, is_right=True, cell=lambda item: (
            str(_instances(item, pen)), ""), sort=lambda item: _instances(item, pen)),
        Column(name="DESCRIPTION", width=16, weight=2,
               cell=lambda item: (item.description or "-", "")),
    ]  # fmt: skip


def _detail(item: Project, pen: Pen, is_wide: bool) -> Iterable[Line]:
    yield dotted(pen, f"id {item.id}", f"domain {item.domain_id}")
    people = [
        f"{user.name} ({grant.role})"
        for user in pen.store.all(User)
        for grant in user.roles
        if grant.project_id == item.id
    ]
    yield f"people  {', '.join(people) or 'nobody: give somebody a role in :users'}"
    if item.tags:
        yield f"tags  {', '.join(item.tags)}"


def _instances(item: Project, pen: Pen) -> int:
    return sum(one.project_id == item.id for one in pen.store.all(Instance))


KIND: Final = Kind(
    noun=Project,
    topic="project",
    title="Projects",
    purpose="What instances, images, volumes and networks belong to.",
    name=lambda item: item.name,
    columns=_columns,
    show=("openstack", "project", "show"),
    order=lambda item: item.name,
    detail=_detail,
    empty="only an administrator sees projects",
    follows=frozenset({"user", "instance"}),
)
