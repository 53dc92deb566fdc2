"""The key with which a user signs requests for a project: EC2's, and S3's."""

from dataclasses import dataclass, field

from appliance import ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Ec2Credential:
    """One row of `ec2_credentials`; the secret is sealed with the cloud's keys."""

    access: str
    secret_sealed: str = field(repr=False)
    user_id: ids.UserId
    project_id: ids.ProjectId
    created_at: str
    credential_id: str  # in Keystone's /v3/credentials: the digest of its first access key
