"""Tokens, and what a token's bearer may reach (Keystone, api/auth.py)."""

from typing import Any

import msgspec

from appliance import config, errors
from appliance.db import connection
from appliance.model.project import Project
from appliance.model.user import DOMAIN_ID, DOMAIN_NAME
from services.api.identity import listing
from services.http import endpoint
from services.http.endpoint import Reply, Request, decoding, path
from services.identity.api import Identity, Scope, Token, Who, catalog, projects


class Domain(msgspec.Struct):
    """A domain, by id or name."""

    id: str | None = None
    name: str | None = None


class Named(msgspec.Struct):
    """A project, by id, or by name and domain."""

    id: str | None = None
    name: str | None = None
    domain: Domain | None = None


class Knowing(Named):
    """A user and its password."""

    password: str = ""


class Password(msgspec.Struct):
    """The password method."""

    user: Knowing


class Bearing(msgspec.Struct):
    """The token method."""

    id: str


class Methods(msgspec.Struct):
    """How the caller shows who it is."""

    methods: list[str]
    password: Password | None = None
    token: Bearing | None = None


class Scoping(msgspec.Struct):
    """What the token shall be for; exactly one is given."""

    project: Named | None = None
    domain: Domain | None = None
    system: dict[str, bool] | None = None
    unscoped: dict[str, str] | None = None


class Auth(msgspec.Struct):
    """The inner object of `POST /auth/tokens`."""

    identity: Methods
    scope: Scoping | str | None = None


class AuthBody(msgspec.Struct):
    """The body of `POST /auth/tokens`."""

    auth: Auth


def paths(
    settings: config.Settings, db: connection.Database, identity: Identity
) -> tuple[endpoint.Path, ...]:
    """Under `/identity`."""
    tokens = _Tokens(settings, db, identity)
    return (
        path(
            "/v3/auth/tokens",
            POST=decoding(AuthBody, tokens.create, is_public=True),
            GET=endpoint.endpoint(tokens.show),
            DELETE=endpoint.endpoint(tokens.revoke, status=204),
        ),
        path("/v3/auth/catalog", GET=endpoint.endpoint(tokens.catalog)),
        path("/v3/auth/projects", GET=endpoint.endpoint(tokens.projects)),
        path("/v3/auth/domains", GET=endpoint.endpoint(tokens.domains)),
    )


class _Tokens:
    def __init__(
        self, settings: config.Settings, db: connection.Database, identity: Identity
    ) -> None:
        self._services = catalog.services(settings)
        self._db = db
        self._identity = identity

    def create(self, request: Request, body: AuthBody) -> Reply:
        identity, scope = body.auth.identity, _scope(body.auth.scope)
        if identity.password is not None and "password" in identity.methods:
            user = identity.password.user
            text, token = self._identity.by_password(_who(user), user.password, scope)
        elif identity.token is not None and "token" in identity.methods:
            text, token = self._identity.by_token(identity.token.id, scope)
        else:
            raise errors.BadRequest(
                f"methods {identity.methods}: only password and token are known, "
                "each with its own object beside it."
            )
        headers = {"X-Subject-Token": text, "Vary": "X-Auth-Token"}
        return Reply(status=201, body=self._view(token, request), headers=headers)

    def show(self, request: Request) -> Reply:
        text = _subject(request)
        token = self._identity.show(request.ctx, text)
        headers = {"X-Subject-Token": text, "Vary": "X-Auth-Token"}
        return Reply(body=self._view(token, request), headers=headers)

    def revoke(self, request: Request) -> None:
        self._identity.revoke(request.ctx, _subject(request))

    def catalog(self, request: Request) -> dict[str, Any]:
        own = self._catalog(request.ctx.project_id) if request.ctx.project_id else []
        return {"catalog": own, "links": listing.links(request)}

    def projects(self, request: Request) -> dict[str, Any]:
        own = projects.mine(self._db, request.ctx, request.ctx.user_id)
        return listing.of("projects", own, request=request)

    def domains(self, request: Request) -> dict[str, Any]:
        """No role is given on a domain here, so there is none to log in to."""
        return {"domains": [], "links": listing.links(request)}

    def _view(self, token: Token, request: Request) -> dict[str, Any]:
        domain = {"id": DOMAIN_ID, "name": DOMAIN_NAME}
        view: dict[str, Any] = {
            "methods": list(token.methods),
            "audit_ids": [token.audit_id],
            "issued_at": token.issued_at,
            "expires_at": token.expires_at,
            "user": {
                "id": token.user.id,
                "name": token.user.name,
                "domain": domain,
                "password_expires_at": None,
            },
        }
        if token.project is not None:
            view |= _scoped(token.project, domain)
            view["roles"] = [{"id": role.id, "name": role.name} for role in token.roles]
            if "nocatalog" not in request.query:
                view["catalog"] = self._catalog(token.project.id)
        return {"token": view}

    def _catalog(self, project_id: str) -> list[dict[str, Any]]:
        return [
            {
                "id": service.id,
                "type": service.type,
                "name": service.name,
                "endpoints": [
                    {
                        "id": service.endpoint_id(interface),
                        "interface": interface,
                        "region": catalog.REGION,
                        "region_id": catalog.REGION,
                        "url": service.url % {"project_id": project_id},
                    }
                    for interface in catalog.INTERFACES
                ],
            }
            for service in self._services
        ]


def _scoped(project: Project, domain: dict[str, str]) -> dict[str, Any]:
    named = {"id": project.id, "name": project.name, "domain": domain}
    return {"project": named, "is_domain": False}


def _who(named: Named) -> Who:
    domain = named.domain.id or named.domain.name if named.domain else None
    return Who(id=named.id, name=named.name, domain=domain)


def _scope(scoping: Scoping | str | None) -> Scope | None:
    if scoping is None:
        return None
    if scoping == "unscoped" or (isinstance(scoping, Scoping) and scoping.unscoped is not None):
        return Scope(project=None)
    if isinstance(scoping, Scoping) and scoping.project is not None:
        return Scope(project=_who(scoping.project))
    raise errors.Unauthorized("A token is for a project, or unscoped: nothing else has roles here.")


def _subject(request: Request) -> str:
    text = request.headers.get("x-subject-token")
    if not text:
        raise errors.BadRequest("X-Subject-Token must name the token that is meant.")
    return text
