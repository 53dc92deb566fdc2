"""What tests of the Identity API share: nouns made by an admin, and all rows of identity.

`refused` holds what every refusal promises: its status, Keystone's form of it, and no change.
"""

from typing import Any, Final

from appliance.db import users
from tests.services.api import clouds

V3: Final = "/identity/v3"
ADMIN: Final = "admin"
_PLURALS: Final = {"policy": "policies"}
_TABLES: Final = (
    "projects", "project_tags", "users", "old_passwords", "groups", "group_members", "roles",
    "role_assignments", "implied_roles", "application_credentials", "access_rules", "trusts",
    "credentials", "ec2_credentials", "regions", "catalog_services", "endpoints", "policies",
    "registered_limits", "limits", "revoked_tokens",
)  # fmt: skip


def rows(cloud: clouds.Cloud) -> dict[str, list[dict[str, Any]]]:
    """Every row of identity."""
    return {
        table: [dict(row) for row in cloud.db.rows(f"SELECT rowid, * FROM {table} ORDER BY rowid")]
        for table in _TABLES
    }


def make(cloud: clouds.Cloud, noun: str, *, user: str = ADMIN, **said: Any) -> Any:
    """A noun, by POST, as it is answered."""
    plural = _PLURALS.get(noun, f"{noun}s")
    return cloud.post(f"{V3}/{plural}", {noun: said}, user=user)[noun]


def refused(
    cloud: clouds.Cloud, status: int, method: str, path: str, body: Any = None, *, user: str = ADMIN
) -> str:
    """Why a request is answered with this status; it has changed nothing."""
    before = rows(cloud)

    answer = cloud.ask(method, f"{V3}{path}", user=user, json=body)

    assert answer.status_code == status, answer.text
    assert rows(cloud) == before
    error = answer.json()["error"]
    assert error["code"] == status
    return str(error["message"])


def done(
    cloud: clouds.Cloud, method: str, path: str, body: Any = None, *, user: str = ADMIN
) -> Any:
    """The answer to a request that succeeds; None when it has no body."""
    answer = cloud.ask(method, f"{V3}{path}", user=user, json=body)
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


def user_id(cloud: clouds.Cloud, name: str = "demo") -> str:
    """Id of a user of the domain Default."""
    found = users.find_by_name(cloud.db, name)
    assert found is not None
    return found.id


def role_id(cloud: clouds.Cloud, name: str) -> str:
    """Id of a role of the whole cloud."""
    (role,) = done(cloud, "GET", f"/roles?name={name}")["roles"]
    return str(role["id"])


def password_login(user: str, password: str, **scope: Any) -> dict[str, Any]:
    """The body of `POST /auth/tokens`, for a user of the domain Default by name."""
    who = {"name": user, "password": password, "domain": {"id": "default"}}
    identity = {"methods": ["password"], "password": {"user": who}}
    return {"auth": {"identity": identity} | ({"scope": scope} if scope else {})}


def token_login(token: str, **scope: Any) -> dict[str, Any]:
    """The body of `POST /auth/tokens`, for who has a token."""
    identity = {"methods": ["token"], "token": {"id": token}}
    return {"auth": {"identity": identity} | ({"scope": scope} if scope else {})}
