"""Domains (Keystone, api/domains.py)."""

from collections.abc import Mapping
from typing import Any, Final

from appliance.db import connection
from appliance.model.project import Project
from services.api.identity import documents, listing, resource
from services.api.identity.documents import Field
from services.http import endpoint
from services.http.endpoint import Request
from services.identity.api import domains

FIELDS: Final[Mapping[str, Field]] = {
    "name": documents.SHORT_NAME,
    "description": documents.TEXT,
    "enabled": documents.ENABLED,
    "tags": Field(kind=list),
    "options": Field(kind=dict),
}


def paths(db: connection.Database) -> tuple[endpoint.Path, ...]:
    """Under `/identity`."""
    return resource.Resource(
        db=db, noun="domain", plural="domains", verbs=domains, fields=FIELDS, view=view,
        where=filters, model=fields,
    ).paths()  # fmt: skip


def view(domain: Project, request: Request) -> dict[str, Any]:
    """A domain as answers show it."""
    return {
        **domain.extra,
        "id": domain.id,
        "name": domain.name,
        "description": domain.description,
        "enabled": bool(domain.is_enabled),
        "tags": list(domain.tags),
        "options": {},
        "links": listing.own(request, f"domains/{domain.id}"),
    }


def fields(said: documents.Said) -> dict[str, Any]:
    """What was said of a project or domain, as the model has it."""
    known = dict(said.known)
    if "description" in known:
        known["description"] = known["description"] or ""
    if "tags" in known:
        texts = [documents.checked("tags", tag, Field(kind=str)) for tag in known["tags"]]
        known["tags"] = tuple(texts)
    known.pop("options", None)
    return known | {"extra": said.extra}


def filters(request: Request) -> dict[str, object]:
    """The columns that a list of projects or domains is asked to have."""
    where: dict[str, object] = {
        name: request.query[name]
        for name in ("name", "domain_id", "parent_id")
        if name in request.query
    }
    is_enabled = documents.flag(request.query, "enabled")
    return where if is_enabled is None else where | {"is_enabled": int(is_enabled)}
