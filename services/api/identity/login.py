"""Tokens, and what a token's bearer may reach (Keystone, api/auth.py)."""

from typing import Any

import msgspec

from appliance import context, errors, policy
from appliance.db import connection
from appliance.db import projects as rows
from appliance.model.project import Project
from services.api.identity import access_rules, domains, listing, projects
from services.http import endpoint
from services.http.endpoint import Reply, Request, decoding, path
from services.identity import api
from services.identity.api import Identity, Proof, Scope, Token, Who, catalog


class Domain(msgspec.Struct):
    """A domain, by id or name."""

    id: str | None = None
    name: str | None = None


class Named(msgspec.Struct):
    """A user or project, by id, or by name and domain."""

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


class Credential(msgspec.Struct):
    """The application credential method."""

    secret: str
    id: str | None = None
    name: str | None = None
    user: Named | None = None


class Methods(msgspec.Struct):
    """How the caller shows who it is."""

    methods: list[str]
    password: Password | None = None
    token: Bearing | None = None
    application_credential: Credential | None = None


class Trust(msgspec.Struct):
    """A trust, by id."""

    id: str


class System(msgspec.Struct):
    """The system: all of it, or nothing."""

    all: bool


class Scoping(msgspec.Struct):
    """What the token shall be for; exactly one is given."""

    project: Named | None = None
    domain: Domain | None = None
    system: System | None = None
    trust: Trust | None = msgspec.field(default=None, name="OS-TRUST:trust")
    unscoped: dict[str, str] | None = None


class Auth(msgspec.Struct):
    """The inner object of `POST /auth/tokens`."""

    identity: Methods
    scope: Scoping | str | None = None


class AuthBody(msgspec.Struct):
    """The body of `POST /auth/tokens`."""

    auth: Auth


def paths(db: connection.Database, identity: Identity) -> tuple[endpoint.Path, ...]:
    """Under `/identity`."""
    tokens = _Tokens(db, identity)
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
        path("/v3/auth/system", GET=endpoint.endpoint(tokens.system)),
    )


class _Tokens:
    def __init__(self, db: connection.Database, identity: Identity) -> None:
        self._db = db
        self._identity = identity

    def create(self, request: Request, body: AuthBody) -> Reply:
        given = proofs(body.auth.identity)
        text, token = self._identity.login(given, scope(body.auth.scope))
        return self._reply(text, token, request, status=201)

    def show(self, request: Request) -> Reply:
        text = _subject(request)
        return self._reply(text, self._identity.show(request.ctx, text), request, status=200)

    def revoke(self, request: Request) -> None:
        self._identity.revoke(request.ctx, _subject(request))

    def catalog(self, request: Request) -> dict[str, Any]:
        policy.check(request.ctx, "identity:get_auth_catalog")
        if not _is_scoped(request.ctx):
            raise errors.Forbidden("An unscoped token has no catalog.")
        found = catalog_view(self._db, request.ctx.project_id, request.ctx.user_id)
        return {"catalog": found, "links": listing.links(request)}

    def projects(self, request: Request) -> dict[str, Any]:
        policy.check(request.ctx, "identity:get_auth_projects")
        own = rows.of_user(self._db, request.ctx.user_id)
        return listing.of("projects", own, projects.view, request=request)

    def domains(self, request: Request) -> dict[str, Any]:
        policy.check(request.ctx, "identity:get_auth_domains")
        own = rows.of_user(self._db, request.ctx.user_id, is_domain=True)
        return listing.of("domains", own, domains.view, request=request)

    def system(self, request: Request) -> dict[str, Any]:
        policy.check(request.ctx, "identity:get_auth_system")
        has_role = self._identity.has_system_role(request.ctx)
        return {"system": [{"all": True}] if has_role else [], "links": listing.links(request)}

    def _reply(self, text: str, token: Token, request: Request, *, status: int) -> Reply:
        headers = {"X-Subject-Token": text, "Vary": "X-Auth-Token"}
        body = {"token": view(self._db, token, has_catalog="nocatalog" not in request.query)}
        return Reply(status=status, body=body, headers=headers)


def view(db: connection.Database, token: Token, *, has_catalog: bool = True) -> dict[str, Any]:
    """A token as answers show it."""
    found = token.standing
    described: dict[str, Any] = {
        "methods": list(token.methods),
        "audit_ids": list(token.audit_ids),
        "issued_at": token.issued_at,
        "expires_at": token.expires_at,
        "user": {
            "id": found.user.id,
            "name": found.user.name,
            "domain": _named(found.user_domain),
            "password_expires_at": None,
        },
    }
    if found.target is not None and found.target.is_domain:
        described["domain"] = _named(found.target)
    elif found.target is not None and found.target_domain is not None:
        described["project"] = _named(found.target) | {"domain": _named(found.target_domain)}
        described["is_domain"] = False
    elif found.is_system:
        described["system"] = {"all": True}
    if found.trust is not None:
        described["OS-TRUST:trust"] = {
            "id": found.trust.id,
            "impersonation": bool(found.trust.is_impersonating),
            "trustor_user": {"id": found.trust.trustor_id},
            "trustee_user": {"id": found.trust.trustee_id},
        }
    if found.credential is not None:
        described["application_credential"] = {
            "id": found.credential.id,
            "name": found.credential.name,
            "restricted": not found.credential.is_unrestricted,
        } | access_rules.told(found.credential.access_rules)
    if found.target is not None or found.is_system:
        described["roles"] = [{"id": role.id, "name": role.name} for role in found.roles]
        if has_catalog:
            project_id = found.target.id if found.target and not found.target.is_domain else ""
            described["catalog"] = catalog_view(db, project_id, found.user.id)
    return described


def catalog_view(db: connection.Database, project_id: str, user_id: str) -> list[dict[str, Any]]:
    """The catalog as tokens carry it."""
    return [
        {
            "id": one.service.id,
            "type": one.service.type,
            "name": one.service.name,
            "endpoints": [
                {
                    "id": each.id,
                    "interface": each.interface,
                    "region": each.region_id,
                    "region_id": each.region_id,
                    "url": each.url,
                }
                for each in one.endpoints
            ],
        }
        for one in catalog.listed(db, project_id=project_id, user_id=user_id)
    ]


def proofs(given: Methods) -> list[Proof]:
    """What a body shows. Raises BadRequest for an unknown method, or one without its object."""
    found: list[Proof] = []
    for method in dict.fromkeys(given.methods):  # each once: a password costs 30 ms to look at
        match method:
            case "password" if given.password is not None:
                user = given.password.user
                found.append(api.Password(who=_who(user), password=user.password))
            case "token" if given.token is not None:
                found.append(api.Bearer(token=given.token.id))
            case "application_credential" if given.application_credential is not None:
                one = given.application_credential
                who = _who(one.user) if one.user else None
                found.append(api.Credential(id=one.id, name=one.name, who=who, secret=one.secret))
            case "password" | "token" | "application_credential":
                raise errors.BadRequest(f"Expecting to find {method} in identity.")
            case _:
                raise errors.Unauthorized(f"Attempted to authenticate with {method[:50]!r}.")
    if not found:
        raise errors.BadRequest("Expecting to find a method in identity.methods.")
    return found


def scope(scoping: Scoping | str | None) -> Scope | None:
    """What a body asks the token to be for; None where it does not say. Raises BadRequest."""
    if scoping is None:
        return None
    if isinstance(scoping, str):
        if scoping != "unscoped":
            raise errors.BadRequest(f"Invalid scope {scoping[:50]!r}.")
        return api.UNSCOPED
    named = (scoping.project, scoping.domain, scoping.system, scoping.trust, scoping.unscoped)
    if sum(one is not None for one in named) != 1:
        raise errors.BadRequest("Scope to one: a project, a domain, the system, or a trust.")
    if scoping.system is not None and not scoping.system.all:
        raise errors.BadRequest("The system is scoped to as a whole: {'all': true}.")
    return Scope(
        project=_who(scoping.project) if scoping.project else None,
        domain=_domain(scoping.domain) if scoping.domain else None,
        is_system=scoping.system is not None,
        trust_id=scoping.trust.id if scoping.trust else None,
    )


def _who(named: Named) -> Who:
    return Who(id=named.id, name=named.name, domain=_domain(named.domain) if named.domain else None)


def _domain(domain: Domain) -> Who:
    return Who(id=domain.id, name=domain.name)


def _named(project: Project) -> dict[str, Any]:
    return {"id": project.id, "name": project.name}


def _is_scoped(ctx: context.RequestContext) -> bool:
    return bool(ctx.project_id or ctx.domain_id or ctx.is_system_scoped)


def _subject(request: Request) -> str:
    text = request.headers.get("x-subject-token")
    if not text:
        raise errors.BadRequest("X-Subject-Token must name the token that is meant.")
    return text
