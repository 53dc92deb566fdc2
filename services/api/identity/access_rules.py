"""Access rules of application credentials (Keystone, api/users.py)."""

from collections.abc import Sequence
from typing import Any

from appliance.db import connection
from appliance.model.access_rule import AccessRule
from services.api.identity import listing
from services.http import endpoint
from services.http.endpoint import Request, path
from services.identity.api import application_credentials as verbs

_COLLECTION = "/v3/users/{user_id}/access_rules"


def paths(db: connection.Database) -> tuple[endpoint.Path, ...]:
    """Under `/identity`."""

    def index(request: Request) -> dict[str, Any]:
        found = verbs.rules(db, request.ctx, request.path["user_id"])
        return listing.of("access_rules", found, _view, request=request)

    def show(request: Request) -> dict[str, Any]:
        found = verbs.rule(db, request.ctx, request.path["user_id"], request.path["rule_id"])
        return {"access_rule": _view(found, request)}

    def delete(request: Request) -> None:
        verbs.delete_rule(db, request.ctx, request.path["user_id"], request.path["rule_id"])

    return (
        path(_COLLECTION, GET=endpoint.endpoint(index)),
        path(
            f"{_COLLECTION}/{{rule_id}}",
            GET=endpoint.endpoint(show),
            DELETE=endpoint.endpoint(delete, status=204),
        ),
    )


def told(rules: Sequence[AccessRule]) -> dict[str, Any]:
    """The rules of a credential, where it has some."""
    return {"access_rules": [plain(rule) for rule in rules]} if rules else {}


def plain(rule: AccessRule) -> dict[str, str]:
    """A rule as it stands in a credential."""
    return {"id": rule.id, "service": rule.service, "method": rule.method, "path": rule.path}


def _view(rule: AccessRule, request: Request) -> dict[str, Any]:
    where = f"users/{request.path['user_id']}/access_rules/{rule.id}"
    return plain(rule) | {"links": listing.own(request, where)}
