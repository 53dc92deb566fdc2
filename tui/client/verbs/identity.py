"""The calls of Identity v3 that this client makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui.client.call import Call


def users() -> Call:
    """List the users."""
    return Call(service="identity", method="GET", path="/users")


def create_user(user: Mapping[str, Any]) -> Call:
    """Add a user; ``user`` is the inner object of the API's body."""
    return Call(service="identity", method="POST", path="/users", body={"user": user})


def update_user(user_id: str, user: Mapping[str, Any]) -> Call:
    """Change a user: the password, whether they may log in."""
    path = f"/users/{user_id}"
    return Call(service="identity", method="PATCH", path=path, body={"user": user})


def delete_user(user_id: str) -> Call:
    """Remove a user and all roles of theirs."""
    return Call(service="identity", method="DELETE", path=f"/users/{user_id}")


def roles() -> Call:
    """List the roles that there are."""
    return Call(service="identity", method="GET", path="/roles")


def grant(project_id: str, user_id: str, role_id: str) -> Call:
    """Give a user a role in a project."""
    path = f"/projects/{project_id}/users/{user_id}/roles/{role_id}"
    return Call(service="identity", method="PUT", path=path)


def revoke(project_id: str, user_id: str, role_id: str) -> Call:
    """Take a role in a project from a user."""
    path = f"/projects/{project_id}/users/{user_id}/roles/{role_id}"
    return Call(service="identity", method="DELETE", path=path)


def projects() -> Call:
    """List the projects."""
    return Call(service="identity", method="GET", path="/projects")


def create_project(project: Mapping[str, Any]) -> Call:
    """Add a project; ``project`` is the inner object of the API's body."""
    return Call(service="identity", method="POST", path="/projects", body={"project": project})


def update_project(project_id: str, project: Mapping[str, Any]) -> Call:
    """Change a project: its name, its description, whether it is enabled."""
    path = f"/projects/{project_id}"
    return Call(service="identity", method="PATCH", path=path, body={"project": project})


def delete_project(project_id: str) -> Call:
    """Remove a project."""
    return Call(service="identity", method="DELETE", path=f"/projects/{project_id}")
