"""Who asks, and where: the OS_* variables, or one cloud of a clouds.yaml; opens no connection."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui.client.errors import CredentialsMissing


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A user, a project and the URL of the identity service."""

    auth_url: str
    username: str
    password: str = field(repr=False)
    project_name: str
    user_domain_name: str = "Default"
    project_domain_name: str = "Default"

    def body(self) -> dict[str, Any]:
        """Return the body of ``POST /auth/tokens`` (Identity v3, password, project scope)."""
        user = {
            "name": self.username,
            "password": self.password,
            "domain": {"name": self.user_domain_name},
        }
        scope = {"name": self.project_name, "domain": {"name": self.project_domain_name}}
        return {
            "auth": {
                "identity": {"methods": ["password"], "password": {"user": user}},
                "scope": {"project": scope},
            }
        }


def find(environ: Mapping[str, str], *, cloud: str | None = None) -> Credentials:
    """Return the credentials of ``cloud``, of OS_CLOUD, or of the OS_* variables, in that order.

    Raises CredentialsMissing, naming what is absent and how to get it.
    """
    chosen = cloud or environ.get("OS_CLOUD")
    if chosen:
        return _from_clouds_file(chosen, environ)
    return _from_mapping(
        {name[3:].lower(): value for name, value in environ.items() if name.startswith("OS_")},
        origin="the environment (OS_AUTH_URL, OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME)",
    )


def _from_mapping(auth: Mapping[str, str], *, origin: str) -> Credentials:
    wanted = ("auth_url", "username", "password", "project_name")
    missing = [name for name in wanted if not auth.get(name)]
    if missing:
        raise CredentialsMissing(
            f'{origin} lacks {", ".join(missing)}: run  eval "$(novabox env)"  first'
        )
    return Credentials(
        auth_url=auth["auth_url"].rstrip("/"),
        username=auth["username"],
        password=auth["password"],
        project_name=auth["project_name"],
        user_domain_name=auth.get("user_domain_name") or "Default",
        project_domain_name=auth.get("project_domain_name") or "Default",
    )


def _from_clouds_file(cloud: str, environ: Mapping[str, str]) -> Credentials:
    path = next((path for path in _clouds_files(environ) if path.is_file()), None)
    if path is None:
        raise CredentialsMissing(f"cloud {cloud}: no clouds.yaml found; set OS_CLIENT_CONFIG_FILE")
    clouds = _read_yaml(path).get("clouds") or {}
    if cloud not in clouds:
        raise CredentialsMissing(f"cloud {cloud} is not in {path}; it has {', '.join(clouds)}")
    auth = {name: str(value) for name, value in clouds[cloud].get("auth", {}).items()}
    return _from_mapping(auth, origin=f"cloud {cloud} of {path}")


def _clouds_files(environ: Mapping[str, str]) -> list[Path]:
    """The places openstacksdk looks in, in its order."""
    named = environ.get("OS_CLIENT_CONFIG_FILE")
    folders = [Path(), Path.home() / ".config" / "openstack", Path("/etc/openstack")]
    return [*([Path(named)] if named else []), *(folder / "clouds.yaml" for folder in folders)]


def _read_yaml(path: Path) -> dict[str, Any]:
    """Read with PyYAML, which comes with oslo.utils: the client itself does not ask for it."""
    try:
        yaml = importlib.import_module("yaml")
    except ImportError as error:
        raise CredentialsMissing(
            f"{path} needs PyYAML, which is not installed: use the OS_* variables instead"
        ) from error
    content: dict[str, Any] = yaml.safe_load(path.read_text()) or {}
    return content
