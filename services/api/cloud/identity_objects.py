"""Key pairs, projects and users as the event stream tells of them.

A key pair is told to its user; projects and users, with who has which role where, to
administrators. Of a password it is told when it was set, and nothing else.
"""

from collections.abc import Callable
from typing import Final

from appliance import context
from appliance.db import connection, key_pairs, projects, role_assignments, roles, users
from appliance.model.key_pair import KeyPair
from appliance.model.project import Project
from appliance.model.user import User
from services.api.cloud.seen import Json, Seen


def _key_pair(pair: KeyPair) -> Seen:
    key = f"{pair.user_id}/{pair.name}"
    view = {
        "id": key,
        "name": pair.name,
        "user_id": pair.user_id,
        "type": pair.kind,
        "fingerprint": pair.fingerprint,
        "public_key": pair.public_key,
        "created_at": pair.created_at,
    }
    return Seen(kind="key_pair", id=key, view=view, user_id=pair.user_id)


def _project(project: Project) -> Seen:
    view = {
        "id": project.id,
        "name": project.name,
        "description": project.description,
        "domain_id": project.domain_id,
        "parent_id": project.parent_id,
        "is_enabled": bool(project.is_enabled),
        "tags": list(project.tags),
    }
    return Seen(kind="project", id=project.id, view=view)


def _user(db: connection.Reader, user: User) -> Seen:
    view = {
        "id": user.id,
        "name": user.name,
        "domain_id": user.domain_id,
        "default_project_id": user.default_project_id,
        "is_enabled": bool(user.is_enabled),
        "has_password": bool(user.password_hash),
        "password_set_at": user.password_set_at,
        "roles": _roles(db, user),
    }
    return Seen(kind="user", id=user.id, view=view)


def _roles(db: connection.Reader, user: User) -> list[Json]:
    """What was granted to the user itself, by the names that a person knows; "" is the system."""
    found = []
    for held in role_assignments.listed(db, user_id=user.id):
        target = projects.find(db, held.target_id) if held.target_id else None
        found.append(
            {
                "role": roles.get(db, held.role_id).name,
                "project_id": held.target_id or "",
                "project": target.name if target else "",
            }
        )
    return found


def _one_key_pair(db: connection.Reader, key: str) -> Seen | None:
    user_id, _, name = key.partition("/")
    return _key_pair(key_pairs.get(db, user_id, name))


def _one_project(db: connection.Reader, key: str) -> Seen | None:
    return _project(projects.get(db, key))


def _one_user(db: connection.Reader, key: str) -> Seen | None:
    return _user(db, users.get(db, key))


def _key_pairs(db: connection.Reader, ctx: context.RequestContext) -> list[Seen]:
    found = key_pairs.everybodys(db) if ctx.is_admin else key_pairs.of_user(db, ctx.user_id)
    return [_key_pair(one) for one in found]


def _projects(db: connection.Reader, ctx: context.RequestContext) -> list[Seen]:
    found = projects.listed(db, {"is_domain": 0}) if ctx.is_admin else []
    return [_project(one) for one in found]


def _users(db: connection.Reader, ctx: context.RequestContext) -> list[Seen]:
    return [_user(db, one) for one in users.listed(db)] if ctx.is_admin else []


ONE: Final[dict[str, Callable[[connection.Reader, str], Seen | None]]] = {
    "key_pair": _one_key_pair,
    "project": _one_project,
    "user": _one_user,
}
ALL: Final[dict[str, Callable[[connection.Reader, context.RequestContext], list[Seen]]]] = {
    "key_pair": _key_pairs,
    "project": _projects,
    "user": _users,
}
