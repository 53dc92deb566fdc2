"""What somebody is now: the user, what its token is for, and the roles it has there.

Nothing of it stands in a token. It is read at every request, so that what is taken away is gone.
"""

import math
from dataclasses import dataclass, replace

from appliance import clock, context, errors, ids
from appliance.db import application_credentials, connection, projects, roles, trusts, users
from appliance.model.application_credential import ApplicationCredential
from appliance.model.project import Project
from appliance.model.role import Role
from appliance.model.trust import Trust
from appliance.model.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who somebody says to be, by ids, and what it wants to act on: one, or none.

    `target_id` is a project's or a domain's. With a trust the user is the trustee.
    """

    user_id: str
    target_id: str = ""
    is_system: bool = False
    trust_id: str = ""
    application_credential_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A claim that holds. `user` is whom it counts as: a trust may make it the trustor.

    `bearer` is who has shown to be who it is.
    """

    bearer: User
    user: User
    user_domain: Project
    target: Project | None
    target_domain: Project | None  # of a project
    is_system: bool
    roles: tuple[Role, ...]
    trust: Trust | None = None
    credential: ApplicationCredential | None = None

    def ends_s(self) -> float:
        """When it ends by itself, in seconds since the epoch; infinity: never."""
        ends = [each.expires_at for each in (self.trust, self.credential) if each is not None]
        return min((clock.seconds(one) for one in ends if one is not None), default=math.inf)

    def context(self) -> context.RequestContext:
        """The same as the context of a request."""
        project = self.target if self.target and not self.target.is_domain else None
        credential = self.credential
        return context.RequestContext(
            user_id=self.user.id,
            user_name=self.user.name,
            user_domain_id=self.user.domain_id,
            project_id=project.id if project else ids.ProjectId(""),
            project_name=project.name if project else "",
            project_domain_id=project.domain_id if project else "",
            domain_id=self.target.id if self.target and self.target.is_domain else "",
            is_system_scoped=self.is_system,
            roles=frozenset(role.name for role in self.roles),
            trust_id=self.trust.id if self.trust else "",
            application_credential_id=credential.id if credential else "",
            is_restricted=credential is not None and not credential.is_unrestricted,
            access_rules=(credential.access_rules or None) if credential else None,
        )


def read(db: connection.Reader, claim: Claim) -> Standing:
    """What the claim comes to now; roles may be none.

    Raises Unauthorized: user, domain, target, trust or credential is gone, disabled or expired.
    """
    bearer, domain = _enabled_user(db, claim.user_id)
    found = Standing(
        bearer=bearer, user=bearer, user_domain=domain, target=None, target_domain=None,
        is_system=claim.is_system, roles=(),
    )  # fmt: skip
    if claim.trust_id:
        return _trusted(db, found, claim.trust_id)
    if claim.target_id:
        target, home = _enabled_target(db, claim.target_id)
        found = replace(found, target=target, target_domain=home)
    if claim.target_id or claim.is_system:
        found = replace(found, roles=tuple(roles.of_user(db, bearer.id, claim.target_id)))
    if claim.application_credential_id:
        return _restricted(db, found, claim.application_credential_id)
    return found


def _trusted(db: connection.Reader, found: Standing, trust_id: str) -> Standing:
    """What the trustee has by the trust: of the roles handed to it, those the trustor still has.

    Of a trust that was handed on that is the first trustor; all who handed it on are users still.
    """
    try:
        trust = trusts.get(db, trust_id)
    except errors.NotFound as error:
        raise errors.Unauthorized("The trust is no more.") from error
    if trust.trustee_id != found.bearer.id or _is_over(trust.expires_at):
        raise errors.Unauthorized("The trust is another's, or expired.")
    trustor, trustor_domain = _enabled_user(db, trust.trustor_id)
    if trust.is_impersonating:
        found = replace(found, user=trustor, user_domain=trustor_domain)
    if trust.project_id is None:
        return replace(found, trust=trust)
    target, home = _enabled_target(db, trust.project_id)
    _, *before = chain = trusts.chain(db, trust)
    for one in before:
        _enabled_user(db, one.trustee_id)
    origin, _ = _enabled_user(db, chain[-1].trustor_id)
    held = roles.of_user(db, origin.id, target.id)
    kept = tuple(role for role in held if role.id in trust.roles)
    return replace(found, target=target, target_domain=home, roles=kept, trust=trust)


def _restricted(db: connection.Reader, found: Standing, credential_id: str) -> Standing:
    """What the user has by its credential, which ends when one of its roles is taken away."""
    credential = application_credentials.find(db, credential_id)
    if credential is None or _is_over(credential.expires_at):
        raise errors.Unauthorized("The application credential is no more.")
    kept = tuple(role for role in found.roles if role.id in credential.roles)
    if not kept or len(kept) < len(credential.roles):
        raise errors.Unauthorized("The application credential has a role that its user has not.")
    return replace(found, roles=kept, credential=credential)


def _enabled_user(db: connection.Reader, user_id: str) -> tuple[User, Project]:
    user = users.find(db, user_id)
    domain = projects.find(db, user.domain_id) if user else None
    if user is None or domain is None or not (user.is_enabled and domain.is_enabled):
        raise errors.Unauthorized("The user is no more, or disabled.")
    return user, domain


def _enabled_target(db: connection.Reader, target_id: str) -> tuple[Project, Project | None]:
    target = projects.find(db, target_id)
    home = projects.find(db, target.domain_id) if target and target.domain_id else None
    if target is None or not target.is_enabled or (home is not None and not home.is_enabled):
        raise errors.Unauthorized("What the token is for is no more, or disabled.")
    return target, home


def _is_over(expires_at: str | None) -> bool:
    return expires_at is not None and expires_at <= clock.stamp()
