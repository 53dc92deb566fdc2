"""A key pair: a user's public key under a name. The private key is never kept."""

from dataclasses import dataclass

from appliance import ids


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """One row of `key_pairs`. `fingerprint` is the MD5 that Nova and EC2 show."""

    user_id: ids.UserId
    name: str
    kind: str
    public_key: str
    fingerprint: str
    created_at: str
