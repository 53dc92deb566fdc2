"""Keys with which users sign requests: made and opened. Who may is for `api/ec2_credentials.py`."""

from dataclasses import dataclass

from appliance import clock, ids, log
from appliance.db import connection, ec2_credentials
from appliance.model.ec2_credential import Ec2Credential
from services.identity import sealing


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A credential with its secret, for whom it belongs to."""

    access: str
    secret: log.Secret
    user_id: str
    project_id: str


def make(
    tx: connection.Transaction, sealer: sealing.Sealer, *, user_id: str, project_id: str
) -> Ec2Credential:
    """Write a new key of that user for that project; both exist."""
    credential = Ec2Credential(
        access=ids.new_hex(), secret_sealed=sealer.seal_secret(log.Secret(ids.new_hex())),
        user_id=ids.UserId(user_id), project_id=ids.ProjectId(project_id),
        created_at=clock.stamp(),
    )  # fmt: skip
    ec2_credentials.create(tx, credential)
    return credential


def opened(sealer: sealing.Sealer, credential: Ec2Credential) -> Opened:
    """The credential with its secret."""
    return Opened(
        access=credential.access, secret=sealer.open_secret(credential.secret_sealed),
        user_id=credential.user_id, project_id=credential.project_id,
    )  # fmt: skip
