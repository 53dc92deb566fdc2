"""How somebody shows who it is: a password, a token it has, an application credential.

Whatever is wrong is answered in the same words: who asks learns nothing about who exists.
"""

from dataclasses import dataclass, field
from typing import Final

from appliance import errors
from appliance.db import application_credentials, connection, projects, users
from appliance.model.user import User
from services.identity import passwords
from services.identity.lockout import Lockout

REFUSED: Final = "The request you have made requires authentication."


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """A user, project or domain, by id or by name; None is not said.

    A name of a user or project is one of `domain`: of another Who, by id or name.
    """

    id: str | None = None
    name: str | None = None
    domain: "Who | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Password:
    """A user that knows its password."""

    who: Who
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Somebody that has a token."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """Somebody that knows the secret of an application credential: by id, or by user and name."""

    id: str | None = None
    name: str | None = None
    who: Who | None = None
    secret: str = field(repr=False, default="")


Proof = Password | Bearer | Credential


def by_password(db: connection.Database, proof: Password, lockout: Lockout) -> User:
    """The user whose password it is. Raises Unauthorized."""
    user = find_user(db, proof.who)
    if user is not None and lockout.is_locked(user.id):
        raise errors.Unauthorized(REFUSED)
    is_known = passwords.matches(user.password_hash if user else None, proof.password)
    if user is None:
        raise errors.Unauthorized(REFUSED)
    if not is_known:
        lockout.count(user.id)
        raise errors.Unauthorized(REFUSED)
    lockout.forget(user.id)
    return user


def by_credential(db: connection.Reader, proof: Credential) -> tuple[str, str, str]:
    """Ids of the credential, its user and its project. Raises Unauthorized."""
    found = None
    if proof.id is not None:
        found = application_credentials.find(db, proof.id)
    elif proof.name is not None and proof.who is not None:
        user = find_user(db, proof.who)
        named = application_credentials.of_user(db, user.id, name=proof.name) if user else []
        found = named[0] if named else None
    if not passwords.matches(found.secret_hash if found else None, proof.secret) or found is None:
        raise errors.Unauthorized(REFUSED)
    return found.id, found.user_id, found.project_id


def find_user(db: connection.Reader, who: Who) -> User | None:
    """The user that is meant, None when there is none. Raises BadRequest: not said whom."""
    if who.id is not None:
        return users.find(db, who.id)
    if who.name is None or who.domain is None:
        raise errors.BadRequest("A user is named by its id, or by its name and domain.")
    domain_id = find_domain(db, who.domain)
    return users.find_by_name(db, who.name, domain_id=domain_id) if domain_id else None


def find_domain(db: connection.Reader, who: Who) -> str | None:
    """The id of the domain that is meant, None when there is none."""
    if who.id is not None:
        found = projects.find(db, who.id)
        return found.id if found is not None and found.is_domain else None
    named = projects.find_by_name(db, who.name or "", domain_id="")
    return named.id if named else None
