"""What a request may ask about credentials (Keystone's /v3/credentials).

Those of type `ec2` are the EC2 credentials that requests are signed with; of all others we know
nothing but that they are secret.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from appliance import config, context, errors, ids, log, policy
from appliance.db import connection, ec2_credentials, projects, users
from appliance.db import credentials as rows
from appliance.model.credential import Credential
from appliance.model.ec2_credential import Ec2Credential
from services.identity import delegation, ec2_keys, keys

EC2: Final = "ec2"
_KEPT: Final = ("type", "user_id", "project_id")  # no PATCH changes these (Keystone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A credential with its blob, for whom it belongs to."""

    credential: Credential
    blob: log.Secret = field(repr=False)


class Credentials:
    """The verbs; may be used by many threads. Raises ConfigError before the first start.

    Each raises Forbidden for a token that stands for only a part of its user.
    """

    def __init__(self, settings: config.Settings, db: connection.Database) -> None:
        self._sealer = keys.of_secrets(settings.etc_dir)
        self._db = db

    def index(self, ctx: context.RequestContext, where: Mapping[str, object]) -> list[Opened]:
        """The caller's with these columns; an admin's list is everybody's. Raises Forbidden."""
        delegation.refuse_part(ctx)
        rule, wanted = "identity:list_credentials", dict(where)
        policy.check(ctx, rule, owner_id=str(where.get("user_id", ctx.user_id)))
        if not policy.allows(ctx, rule):
            wanted["user_id"] = ctx.user_id
        found = [self._opened(one) for one in rows.listed(self._db, wanted)]
        if wanted.pop("type", EC2) == EC2:
            found += [self._of_ec2(one) for one in ec2_credentials.listed(self._db, wanted)]
        return found

    def show(self, ctx: context.RequestContext, credential_id: str) -> Opened:
        """One of them. Raises NotFound, Forbidden."""
        return self._allowed(self._db, ctx, "identity:get_credential", credential_id)

    def create(self, ctx: context.RequestContext, fields: Mapping[str, Any]) -> Opened:
        """Keep a credential. Raises Forbidden, NotFound, BadRequest, Conflict."""
        delegation.refuse_part(ctx)
        blob, user_id = log.Secret(fields["blob"]), fields.get("user_id") or ctx.user_id
        policy.check(ctx, "identity:create_credential", owner_id=user_id)
        credential = Credential(
            id=ids.new_hex(), type=fields["type"], blob_sealed=self._sealer.seal_secret(blob),
            user_id=user_id, project_id=fields.get("project_id"), extra=fields.get("extra", {}),
        )  # fmt: skip
        with self._db.transaction() as tx:
            users.get(tx, user_id)
            if credential.type == EC2:
                return self._of_ec2(self._create_ec2(tx, credential, blob))
            delegation.refuse_more(rows.listed(tx, {"user_id": user_id}), "credentials")
            rows.create(tx, credential)
        return Opened(credential=credential, blob=blob)

    def update(
        self, ctx: context.RequestContext, credential_id: str, fields: Mapping[str, Any]
    ) -> Opened:
        """Change the blob, or what is not known to us. Raises Forbidden, NotFound, BadRequest,
        Conflict (the access key).
        """
        with self._db.transaction() as tx:
            old = self._allowed(tx, ctx, "identity:update_credential", credential_id)
            for name in _KEPT:
                if name in fields and fields[name] != getattr(old.credential, name):
                    raise errors.BadRequest(f"Update of `{name}` is not allowed: make another.")
            blob = log.Secret(fields["blob"]) if "blob" in fields else old.blob
            extra = {**old.credential.extra, **fields.get("extra", {})}
            new = replace(old.credential, blob_sealed=self._sealer.seal_secret(blob), extra=extra)
            if new.type == EC2:
                access, secret = _keys(blob)
                sealed = self._sealer.seal_secret(secret)
                ec2_credentials.change_keys(tx, new.id, access=access, secret_sealed=sealed)
            else:
                rows.update(tx, new)
            return self._find(tx, credential_id)

    def delete(self, ctx: context.RequestContext, credential_id: str) -> None:
        """Forget it. Raises Forbidden, NotFound."""
        with self._db.transaction() as tx:
            found = self._allowed(tx, ctx, "identity:delete_credential", credential_id)
            if found.credential.type == EC2:
                ec2_credentials.delete(tx, _keys(found.blob)[0])
            else:
                rows.delete(tx, credential_id)

    def _create_ec2(
        self, tx: connection.Transaction, said: Credential, blob: log.Secret
    ) -> Ec2Credential:
        """A key as it is said. Whether the user has a role in the project is seen at each use."""
        access, secret = _keys(blob)
        if said.project_id is None:
            raise errors.BadRequest("A credential of type ec2 has a project_id.")
        projects.get(tx, said.project_id)
        return ec2_keys.make(
            tx, self._sealer, user_id=said.user_id, project_id=said.project_id, access=access,
            secret=secret,
        )  # fmt: skip

    def _allowed(
        self, db: connection.Reader, ctx: context.RequestContext, rule: str, credential_id: str
    ) -> Opened:
        """The credential, where policy lets the caller do what `rule` names to it."""
        delegation.refuse_part(ctx)
        found = self._find(db, credential_id)
        policy.check(ctx, rule, owner_id=found.credential.user_id)
        return found

    def _find(self, db: connection.Reader, credential_id: str) -> Opened:
        key = ec2_credentials.listed(db, {"credential_id": credential_id})
        return self._of_ec2(key[0]) if key else self._opened(rows.get(db, credential_id))

    def _opened(self, credential: Credential) -> Opened:
        return Opened(credential=credential, blob=self._sealer.open_secret(credential.blob_sealed))

    def _of_ec2(self, one: Ec2Credential) -> Opened:
        """An EC2 credential as a credential: its id is the digest of its first access key."""
        secret = self._sealer.open_secret(one.secret_sealed).reveal()
        credential = Credential(
            id=one.credential_id, type=EC2, blob_sealed="", user_id=one.user_id,
            project_id=one.project_id,
        )  # fmt: skip
        blob = json.dumps({"access": one.access, "secret": secret})
        return Opened(credential=credential, blob=log.Secret(blob))


def _keys(blob: log.Secret) -> tuple[str, log.Secret]:
    """The access key and the secret in a blob of type ec2. Raises BadRequest."""
    try:
        said = json.loads(blob.reveal())
    except (ValueError, RecursionError):
        said = None  # the error would show the secret
    both = [said.get(name) for name in ("access", "secret")] if isinstance(said, dict) else []
    texts = [one for one in both if isinstance(one, str) and one.isascii() and one.isprintable()]
    if len(texts) != 2 or not all(0 < len(text) <= 255 for text in texts):
        raise errors.BadRequest(
            "The blob of a credential of type ec2 is a JSON object as text: its access and its "
            "secret have 1 to 255 printable ASCII characters each."
        )
    return texts[0], log.Secret(texts[1])
