"""Tokens: got for a password or for another token, resolved at every request, revoked."""

from dataclasses import dataclass
from typing import Final

from appliance import clock, config, context, errors, ids
from appliance.db import connection, projects, roles, tokens, users
from appliance.model.project import Project
from appliance.model.user import DOMAIN_ID, DOMAIN_NAME, Role, User
from services.identity import passwords, sealing

# Keystone's own words, for whatever is wrong: who asks learns nothing about who exists
_REFUSED: Final = "The request you have made requires authentication."


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """A user or a project, by id or by name in a domain; None is not said."""

    id: str | None = None
    name: str | None = None
    domain: str | None = None  # the domain's id or name

    @property
    def is_here(self) -> bool:
        """Whether its domain, if said, is the one there is."""
        return self.domain in (None, DOMAIN_ID, DOMAIN_NAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a token shall be for: a project, or (None) nothing in particular."""

    project: Who | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a valid token means now. `project` None and no roles: unscoped."""

    methods: tuple[str, ...]
    audit_id: str
    issued_at: str
    expires_at: str
    user: User
    project: Project | None
    roles: tuple[Role, ...]


class Identity:
    """The cloud's tokens; safe for threads. Raises ConfigError before the first start."""

    def __init__(self, settings: config.Settings, db: connection.Database) -> None:
        self._sealer = sealing.sealer(settings.etc_dir)
        self._ttl_s = settings.api.token_ttl_s
        self._db = db

    def resolve(self, token: str) -> context.RequestContext:
        """The user of a token, as the context of a request. Raises Unauthorized."""
        payload, bearer = self._open(token)
        return context.RequestContext(
            user_id=ids.UserId(payload.user_id),
            user_name=bearer.user_name,
            project_id=ids.ProjectId(payload.project_id),
            project_name=bearer.project_name,
            roles=bearer.roles,
        )

    def by_password(self, who: Who, password: str, scope: Scope | None) -> tuple[str, Token]:
        """A new token for a user that knows its password; without `scope` for its own project.

        Raises Unauthorized, in the same words whatever was wrong.
        """
        user = self._user(who)
        is_known = passwords.matches(user.password_hash if user else None, password)
        if user is None or not is_known or not user.is_enabled:
            raise errors.Unauthorized(_REFUSED)
        now_s = int(clock.now())
        return self._issue(
            user, scope, methods=("password",), issued_s=now_s, expires_s=now_s + self._ttl_s
        )

    def by_token(self, token: str, scope: Scope | None) -> tuple[str, Token]:
        """A new token for the bearer of another, ending when that one ends. Raises Unauthorized."""
        payload, _ = self._open(token)
        user = users.get(self._db, payload.user_id)
        methods = tuple(sorted({*payload.methods, "token"}))
        return self._issue(
            user, scope, methods=methods, issued_s=int(clock.now()), expires_s=payload.expires_s
        )

    def service_token(self, user_name: str) -> str:
        """A token of one of the cloud's own users, for a process that holds the keys anyway."""
        user = users.find_by_name(self._db, user_name)
        if user is None:
            raise errors.NotFound("user", user_name)
        now_s = int(clock.now())
        token, _ = self._issue(
            user, None, methods=("password",), issued_s=now_s, expires_s=now_s + self._ttl_s
        )
        return token

    def show(self, ctx: context.RequestContext, token: str) -> Token:
        """What the token means. Raises NotFound when it is not valid, Forbidden when it is another
        user's and the caller neither admin nor one of the cloud's own.
        """
        try:
            payload, _ = self._open(token)
        except errors.Unauthorized as error:
            raise _no_such_token() from error
        if payload.user_id != ctx.user_id and not (ctx.is_admin or ctx.is_service):
            raise errors.Forbidden("You are not authorized to look at another user's token.")
        return self._describe(payload)

    def revoke(self, ctx: context.RequestContext, token: str) -> None:
        """End the token before its time. Raises like `show`."""
        described = self.show(ctx, token)
        with self._db.transaction() as tx:
            tokens.revoke(tx, described.audit_id, expires_at=described.expires_at)

    def _open(self, token: str) -> tuple[sealing.Payload, tokens.Bearer]:
        payload = self._sealer.open(token)
        bearer = tokens.find_bearer(
            self._db, payload.audit_id, user_id=payload.user_id, project_id=payload.project_id
        )
        if bearer is None:
            raise errors.Unauthorized("The token was revoked, or its user or project is no more.")
        if sealing.password_mark(bearer.password_hash) != payload.password_mark:
            raise errors.Unauthorized("The token was got with a password that is no more.")
        return payload, bearer

    def _issue(
        self,
        user: User,
        scope: Scope | None,
        *,
        methods: tuple[str, ...],
        issued_s: int,
        expires_s: int,
    ) -> tuple[str, Token]:
        project = self._scoped(user, scope)
        payload = sealing.Payload(
            user_id=user.id,
            project_id=project.id if project else "",
            methods=methods,
            issued_s=issued_s,
            expires_s=expires_s,
            audit_id=sealing.new_audit_id(),
            password_mark=sealing.password_mark(user.password_hash),
        )
        return self._sealer.seal(payload), self._describe(payload)

    def _user(self, who: Who) -> User | None:
        if not who.is_here:
            return None
        if who.id is not None:
            return users.find(self._db, who.id)
        return users.find_by_name(self._db, who.name or "")

    def _scoped(self, user: User, scope: Scope | None) -> Project | None:
        """The project asked for, in which the user has a role; without a word, its own."""
        if scope is not None and scope.project is None:
            return None
        allowed = projects.of_user(self._db, user.id)
        if scope is None or scope.project is None:
            return next((each for each in allowed if each.id == user.default_project_id), None)
        who = scope.project
        for project in allowed:
            if who.is_here and who.id in (None, project.id) and who.name in (None, project.name):
                return project
        raise errors.Unauthorized(_REFUSED)

    def _describe(self, payload: sealing.Payload) -> Token:
        project = projects.get(self._db, payload.project_id) if payload.project_id else None
        granted = roles.of_user(self._db, payload.user_id, project.id) if project else []
        return Token(
            methods=payload.methods,
            audit_id=payload.audit_id,
            issued_at=clock.stamp(payload.issued_s),
            expires_at=clock.stamp(payload.expires_s),
            user=users.get(self._db, payload.user_id),
            project=project,
            roles=tuple(granted),
        )


def _no_such_token() -> errors.NotFound:
    return errors.NotFound("token", "in X-Subject-Token")
