"""Tokens: got for a proof of who one is, resolved at every request, revoked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from appliance import clock, config, context, errors, policy
from appliance.db import connection, projects, roles, tokens, trusts, users
from appliance.db.remembered import Remembered
from services.identity import keys, proofs, sealing, standing
from services.identity.lockout import Lockout
from services.identity.proofs import REFUSED, Proof, Who
from services.identity.standing import Claim, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a token shall be for: exactly one of these, or, with none, nothing in particular."""

    project: Who | None = None
    domain: Who | None = None
    is_system: bool = False
    trust_id: str | None = None


UNSCOPED = Scope()
KNOWN_MAX: Final = 1000  # tokens whose meaning is remembered; a context has about 1 KiB


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a valid token means now. `audit_ids`: its own, and that of the token it was got with."""

    methods: tuple[str, ...]
    audit_ids: tuple[str, ...]
    issued_at: str
    expires_at: str
    standing: Standing


class Identity:
    """The cloud's tokens; safe for threads. Raises ConfigError before the first start."""

    def __init__(self, settings: config.Settings, db: connection.Database) -> None:
        self._keys = keys.Keys(keys.tokens_path(settings.etc_dir))
        self._ttl_s = settings.api.token_ttl_s
        self._lockout = Lockout(settings, db)
        self._db = db
        self._known = Remembered[_Known](db.version, entries_max=KNOWN_MAX)

    def resolve(self, token: str) -> context.RequestContext:
        """The user of a token, in the context of no request of its own. Raises Unauthorized.

        What a token comes to is read again when anything was written, or the keys are others.
        """
        sealer = self._keys.sealer()
        version, known = self._known.find(token)
        if known is None or known.sealer is not sealer or known.ends_s <= clock.now():
            payload, found = self._open(token)
            ends_s = min(payload.expires_s, found.ends_s())
            known = _Known(sealer=sealer, ends_s=ends_s, ctx=found.context())
            self._known.keep(token, known, version=version)
        return known.ctx

    def login(self, given: Sequence[Proof], scope: Scope | None) -> tuple[str, Token]:
        """A new token for whom all of the proofs show; without `scope` for its own project.

        One got with another token ends when that one ends, and none outlives the trust or the
        application credential that it is of. Raises Unauthorized, in the same words whatever was
        wrong, BadRequest, and Forbidden: a token of a trust or of an application
        credential cannot become another.
        """
        now_s = clock.now()
        asked = _Asked(methods=(), issued_s=now_s, expires_s=now_s + self._ttl_s)
        for proof in given:
            asked = asked.with_one(self._shown(proof, scope))
        if not asked.user_id:
            raise errors.BadRequest("No known method is given with what it needs.")
        claim = self._claim(asked, scope)
        found = self._read(claim)
        is_for_something = claim.target_id or claim.is_system or claim.trust_id
        if is_for_something and not found.roles:
            raise errors.Unauthorized(REFUSED)
        if claim.trust_id:
            with self._db.transaction() as tx:
                trusts.use(tx, claim.trust_id)
        ends_s = min(asked.expires_s, found.ends_s())
        return self._sealed(found, claim, replace(asked, expires_s=ends_s))

    def by_password(self, who: Who, password: str, scope: Scope | None) -> tuple[str, Token]:
        """`login` with a password alone."""
        return self.login([proofs.Password(who=who, password=password)], scope)

    def by_token(self, token: str, scope: Scope | None) -> tuple[str, Token]:
        """`login` with another token alone."""
        return self.login([proofs.Bearer(token=token)], scope)

    def for_signer(self, user_id: str, project_id: str) -> tuple[str, Token]:
        """A token for who signed with an EC2 credential, in that credential's project."""
        now_s = clock.now()
        asked = _Asked(
            methods=("ec2credential",), issued_s=now_s, expires_s=now_s + self._ttl_s,
            user_id=user_id,
        )  # fmt: skip
        claim = Claim(user_id=user_id, target_id=project_id)
        return self._sealed(self._read(claim), claim, asked)

    def service_token(self, user_name: str) -> str:
        """A token of one of the cloud's own users, for a process that holds the keys anyway."""
        user = users.find_by_name(self._db, user_name)
        if user is None:
            raise errors.NotFound("user", user_name)
        now_s = clock.now()
        asked = _Asked(
            methods=("password",), issued_s=now_s, expires_s=now_s + self._ttl_s, user_id=user.id
        )
        claim = Claim(user_id=user.id, target_id=user.default_project_id or "")
        return self._sealed(self._read(claim), claim, asked)[0]

    def has_system_role(self, ctx: context.RequestContext) -> bool:
        """Whether the caller could have a token for the system."""
        return bool(roles.of_user(self._db, ctx.user_id, ""))

    def show(self, ctx: context.RequestContext, token: str) -> Token:
        """What the token means. Raises NotFound when it is not valid, Forbidden when it is another
        user's and policy does not let the caller look.
        """
        payload, found = self._found(token)
        policy.check(ctx, "identity:validate_token", owner_id=found.user.id)
        return _token(payload, found)

    def revoke(self, ctx: context.RequestContext, token: str) -> None:
        """End the token before its time. Raises like `show`."""
        payload, found = self._found(token)
        policy.check(ctx, "identity:revoke_token", owner_id=found.user.id)
        with self._db.transaction() as tx:
            tokens.revoke(tx, payload.audit_ids[0], expires_at=clock.stamp(payload.expires_s))

    def _open(self, token: str) -> tuple[sealing.Payload, Standing]:
        """What a token says and what that comes to now. Raises Unauthorized."""
        payload = self._keys.sealer().open(token)
        if tokens.is_revoked(self._db, payload.audit_ids[0]):
            raise errors.Unauthorized("The token was revoked.")
        found = standing.read(self._db, payload.claim)
        if sealing.password_mark(found.bearer.password_hash) != payload.password_mark:
            raise errors.Unauthorized("The token was got with a password that is no more.")
        return payload, found

    def _found(self, token: str) -> tuple[sealing.Payload, Standing]:
        """The same of a token that is asked about. Raises NotFound, as Keystone."""
        try:
            return self._open(token)
        except errors.Unauthorized as error:
            raise errors.NotFound("token", "that is meant") from error

    def _shown(self, proof: Proof, scope: Scope | None) -> "_Asked":
        """Whom one proof shows, and what follows for the token."""
        match proof:
            case proofs.Password():
                user = proofs.by_password(self._db, proof, self._lockout)
                return _Asked(methods=("password",), user_id=user.id)
            case proofs.Credential():
                key, user_id, project_id = proofs.by_credential(self._db, proof)
                if scope is not None:
                    raise errors.Unauthorized(
                        "An application credential is for its project: it takes no scope."
                    )
                return _Asked(
                    methods=("application_credential",), user_id=user_id, project_id=project_id,
                    credential_id=key,
                )  # fmt: skip
            case proofs.Bearer():
                payload, found = self._found(proof.token)
                if found.trust is not None or found.credential is not None:
                    raise errors.Forbidden(
                        "A token of a trust or an application credential cannot become another."
                    )
                return _Asked(
                    methods=tuple(sorted({*payload.methods, "token"})), user_id=found.bearer.id,
                    expires_s=payload.expires_s, parent_audit_id=payload.audit_ids[-1],
                )  # fmt: skip

    def _claim(self, asked: "_Asked", scope: Scope | None) -> Claim:
        """What the token shall be for, by ids. Raises Unauthorized, BadRequest."""
        user_id = asked.user_id
        if asked.credential_id:
            return Claim(
                user_id=user_id, target_id=asked.project_id,
                application_credential_id=asked.credential_id,
            )  # fmt: skip
        if scope is None:
            return Claim(user_id=user_id, target_id=self._home(user_id))
        if scope.trust_id is not None:
            return Claim(user_id=user_id, trust_id=scope.trust_id)
        if scope.domain is not None:
            found = proofs.find_domain(self._db, scope.domain)
            return Claim(user_id=user_id, target_id=_known(found))
        if scope.project is not None:
            return Claim(user_id=user_id, target_id=_known(self._project(scope.project)))
        return Claim(user_id=user_id, is_system=scope.is_system)

    def _project(self, who: Who) -> str | None:
        if who.id is not None:
            found = projects.find(self._db, who.id)
            return found.id if found is not None else None
        if who.name is None or who.domain is None:
            raise errors.BadRequest("A project is named by its id, or by its name and domain.")
        domain_id = proofs.find_domain(self._db, who.domain)
        if domain_id is None:
            return None
        named = projects.find_by_name(self._db, who.name, domain_id=domain_id)
        return named.id if named else None

    def _home(self, user_id: str) -> str:
        """The user's default project, if it has a role in it; else nothing."""
        user = users.get(self._db, user_id)
        own = {project.id for project in projects.of_user(self._db, user_id)}
        return user.default_project_id if user.default_project_id in own else ""

    def _read(self, claim: Claim) -> Standing:
        try:
            return standing.read(self._db, claim)
        except errors.Unauthorized as error:
            raise errors.Unauthorized(REFUSED) from error

    def _sealed(self, found: Standing, claim: Claim, asked: "_Asked") -> tuple[str, Token]:
        parents = (asked.parent_audit_id,) if asked.parent_audit_id else ()
        payload = sealing.Payload(
            claim=claim,
            methods=asked.methods,
            issued_s=asked.issued_s,
            expires_s=asked.expires_s,
            audit_ids=(sealing.new_audit_id(), *parents),
            password_mark=sealing.password_mark(found.bearer.password_hash),
        )
        return self._keys.sealer().seal(payload), _token(payload, found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What a token came to, by which keys, and until when."""

    sealer: sealing.Sealer
    ends_s: float
    ctx: context.RequestContext


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the proofs of one login come to, put together."""

    methods: tuple[str, ...]
    user_id: str = ""
    issued_s: float = 0.0
    expires_s: float = float("inf")
    parent_audit_id: str = ""
    project_id: str = ""
    credential_id: str = ""

    def with_one(self, other: "_Asked") -> "_Asked":
        """This and what one more proof shows. Raises Unauthorized when it shows another user."""
        if self.user_id not in ("", other.user_id):
            raise errors.Unauthorized(REFUSED)
        return _Asked(
            methods=tuple(dict.fromkeys((*self.methods, *other.methods))),
            user_id=other.user_id,
            issued_s=self.issued_s,
            expires_s=min(self.expires_s, other.expires_s),
            parent_audit_id=self.parent_audit_id or other.parent_audit_id,
            project_id=self.project_id or other.project_id,
            credential_id=self.credential_id or other.credential_id,
        )


def _token(payload: sealing.Payload, found: Standing) -> Token:
    return Token(
        methods=payload.methods,
        audit_ids=payload.audit_ids,
        issued_at=clock.stamp(payload.issued_s),
        expires_at=clock.stamp(payload.expires_s),
        standing=found,
    )


def _known(target_id: str | None) -> str:
    if target_id is None:
        raise errors.Unauthorized(REFUSED)
    return target_id
