"""EC2 credentials: made, shown, deleted; and who signs with one (Keystone's OS-EC2)."""

from dataclasses import dataclass, field
from typing import Final

from appliance import config, context, errors, log, policy
from appliance.db import connection, ec2_credentials, projects, users
from appliance.db.remembered import Remembered
from appliance.model.ec2_credential import Ec2Credential
from services.identity import delegation, ec2_keys, keys, standing

Opened = ec2_keys.Opened
SIGNERS_MAX: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signs with a credential, and with what. The secret goes nowhere but into a digest."""

    ctx: context.RequestContext
    secret: log.Secret = field(repr=False)


class Ec2Credentials:
    """The verbs; may be used by many threads. Raises ConfigError before the first start."""

    def __init__(self, settings: config.Settings, db: connection.Database) -> None:
        self._sealer = keys.of_secrets(settings.etc_dir)
        self._db = db
        self._signers = Remembered[Signer](db.version, entries_max=SIGNERS_MAX)

    def create(self, ctx: context.RequestContext, user_id: str, project_id: str) -> Opened:
        """A new key of a user for a project in which it has a role. Raises NotFound, Forbidden."""
        _check(ctx, user_id, "identity:ec2_create_credential")
        with self._db.transaction() as tx:
            users.get(tx, user_id)
            if project_id not in {project.id for project in projects.of_user(tx, user_id)}:
                raise errors.NotFound("project", project_id)
            return self._opened(
                ec2_keys.make(tx, self._sealer, user_id=user_id, project_id=project_id)
            )

    def of_user(self, ctx: context.RequestContext, user_id: str) -> list[Opened]:
        """A user's keys: one's own, or an admin anybody's. Raises Forbidden."""
        _check(ctx, user_id, "identity:ec2_list_credentials")
        return [self._opened(each) for each in ec2_credentials.of_user(self._db, user_id)]

    def get(self, ctx: context.RequestContext, user_id: str, access: str) -> Opened:
        """One of a user's keys. Raises NotFound, Forbidden."""
        _check(ctx, user_id, "identity:ec2_get_credential")
        return self._opened(_of_user(self._db, user_id, access))

    def delete(self, ctx: context.RequestContext, user_id: str, access: str) -> None:
        """End a key: what it signs is refused from now on. Raises NotFound, Forbidden."""
        _check(ctx, user_id, "identity:ec2_delete_credential")
        with self._db.transaction() as tx:
            ec2_credentials.delete(tx, _of_user(tx, user_id, access).access)

    def find_signer(self, access: str) -> Signer | None:
        """Who signs with this access key, as the context of a request.

        None when there is no such key, or its user or project is gone or disabled, or the user
        has no role there any more. It is read again when anything was written.
        """
        version, known = self._signers.find(access)
        if known is None and (known := self._read_signer(access)) is not None:
            self._signers.keep(access, known, version=version)
        return known

    def _opened(self, credential: Ec2Credential) -> Opened:
        return ec2_keys.opened(self._sealer, credential)

    def _read_signer(self, access: str) -> Signer | None:
        credential = ec2_credentials.find(self._db, access)
        if credential is None:
            return None
        claim = standing.Claim(user_id=credential.user_id, target_id=credential.project_id)
        try:
            found = standing.read(self._db, claim)
        except errors.Unauthorized:
            return None
        if not found.roles:
            return None
        secret = self._sealer.open_secret(credential.secret_sealed)
        return Signer(ctx=found.context(), secret=secret)


def _check(ctx: context.RequestContext, user_id: str, rule: str) -> None:
    """One's own keys are one's own to handle; others' an admin's."""
    delegation.refuse_part(ctx)
    policy.check(ctx, rule, owner_id=user_id)


def _of_user(db: connection.Reader, user_id: str, access: str) -> Ec2Credential:
    credential = ec2_credentials.get(db, access)
    if credential.user_id != user_id:
        raise errors.NotFound("EC2 credential", access)
    return credential
