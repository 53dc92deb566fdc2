"""Keys with which users sign requests: made and opened. Who may is for `api/ec2_credentials.py`."""

import hashlib
from dataclasses import dataclass

from appliance import clock, ids, log
from appliance.db import connection, ec2_credentials
from appliance.model.ec2_credential import Ec2Credential
from services.identity import delegation, sealing


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A credential with its secret, for whom it belongs to."""

    access: str
    secret: log.Secret
    user_id: str
    project_id: str


def make(
    tx: connection.Transaction,
    sealer: sealing.Sealer,
    *,
    user_id: str,
    project_id: str,
    access: str | None = None,
    secret: log.Secret | None = None,
) -> Ec2Credential:
    """Write a key, a new one unless it is given, of that user for that project; both exist.

    Raises Conflict when the access key is taken, Forbidden when the user has too many.
    """
    delegation.refuse_more(ec2_credentials.of_user(tx, user_id), "EC2 credentials")
    access = access or ids.new_hex()
    credential = Ec2Credential(
        access=access, secret_sealed=sealer.seal_secret(secret or log.Secret(ids.new_hex())),
        user_id=ids.UserId(user_id), project_id=ids.ProjectId(project_id),
        created_at=clock.stamp(), credential_id=hashlib.sha256(access.encode()).hexdigest(),
    )  # fmt: skip
    ec2_credentials.create(tx, credential)
    return credential


def opened(sealer: sealing.Sealer, credential: Ec2Credential) -> Opened:
    """The credential with its secret."""
    return Opened(
        access=credential.access, secret=sealer.open_secret(credential.secret_sealed),
        user_id=credential.user_id, project_id=credential.project_id,
    )  # fmt: skip
