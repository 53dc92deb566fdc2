"""Who uses the cloud: users, projects, key pairs. No noun has a password or a private key."""

from __future__ import annotations

from dataclasses import dataclass

from tui.client.nouns.moment import Time


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What instances, images and networks belong to."""

    id: str
    name: str = ""
    description: str = ""
    domain_id: str = "default"
    parent_id: str | None = None
    is_enabled: bool = True
    tags: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Its id."""
        return self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role that a user has in a project; "" as the project is the system."""

    role: str = ""
    project_id: str = ""
    project: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who can log in."""

    id: str
    name: str = ""
    domain_id: str = "default"
    default_project_id: str | None = None
    is_enabled: bool = True
    has_password: bool = False
    password_set_at: Time = None
    roles: tuple[Grant, ...] = ()

    @property
    def key(self) -> str:
        """Its id."""
        return self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """A public key that new instances let in, under its user's name for it."""

    id: str
    name: str = ""
    user_id: str = ""
    type: str = "ssh"
    fingerprint: str = ""
    public_key: str = ""
    created_at: Time = None

    @property
    def key(self) -> str:
        """User and name."""
        return self.id
