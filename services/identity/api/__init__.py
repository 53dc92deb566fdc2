"""What a request may ask of identity: tokens here; projects, users, roles and catalog beside."""

from services.identity.api.tokens import UNSCOPED, Identity, Scope, Token
from services.identity.bootstrap import bootstrap
from services.identity.proofs import Bearer, Credential, Password, Proof, Who

__all__ = [
    "UNSCOPED",
    "Bearer",
    "Credential",
    "Identity",
    "Password",
    "Proof",
    "Scope",
    "Token",
    "Who",
    "bootstrap",
]
