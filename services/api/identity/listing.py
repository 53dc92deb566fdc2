"""How Keystone shows its nouns, one and many."""

from collections.abc import Sequence
from typing import Any

from appliance.model.project import Project
from appliance.model.user import Role, User
from services.http.endpoint import Request


def of(name: str, nouns: Sequence[Project | User | Role], *, request: Request) -> dict[str, Any]:
    """A list, under its name, with links."""
    return {name: [view(noun, request) for noun in nouns], "links": links(request)}


def links(request: Request) -> dict[str, Any]:
    """Links of a list that is always whole."""
    return {"self": f"{request.origin}{request.url_path}", "previous": None, "next": None}


def view(noun: Project | User | Role, request: Request) -> dict[str, Any]:
    """One project, user or role."""
    match noun:
        case Project():
            return _project(noun, request)
        case User():
            return _user(noun, request)
        case Role():
            return _role(noun, request)


def _project(project: Project, request: Request) -> dict[str, Any]:
    return {
        "id": project.id,
        "name": project.name,
        "domain_id": project.domain_id,
        "description": project.description,
        "enabled": bool(project.is_enabled),
        "parent_id": project.domain_id,
        "is_domain": False,
        "tags": [],
        "options": {},
        "links": _self(request, "projects", project.id),
    }


def _user(user: User, request: Request) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "domain_id": user.domain_id,
        "default_project_id": user.default_project_id,
        "enabled": bool(user.is_enabled),
        "password_expires_at": None,
        "options": {},
        "links": _self(request, "users", user.id),
    }


def _role(role: Role, request: Request) -> dict[str, Any]:
    return {
        "id": role.id,
        "name": role.name,
        "domain_id": None,
        "description": None,
        "options": {},
        "links": _self(request, "roles", role.id),
    }


def _self(request: Request, kind: str, key: str) -> dict[str, str]:
    return {"self": f"{request.origin}/identity/v3/{kind}/{key}"}
