"""What a request may ask of identity: tokens here; projects, users, roles and catalog beside."""

from services.identity.api.tokens import Identity, Scope, Token, Who
from services.identity.bootstrap import bootstrap

__all__ = ["Identity", "Scope", "Token", "Who", "bootstrap"]
