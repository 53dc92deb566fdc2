"""Who asks, and where: the OS_* variables, or one cloud of a clouds.yaml; opens no connection."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tui.client.errors import CredentialsMissing

_DEFAULT: Final = "Default"
_YES: Final = ("1", "true", "yes", "on")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A user and a project, or an application credential of both, and where to ask.

    ``ca_file`` names who vouches for the cloud's certificate instead of the system's authorities;
    ``is_insecure``: nobody needs to.
    """

    auth_url: str
    username: str = ""
    password: str = field(default="", repr=False)
    project_name: str = ""
    project_id: str = ""
    user_domain_name: str = _DEFAULT
    project_domain_name: str = _DEFAULT
    application_id: str = ""
    application_name: str = ""
    application_secret: str = field(default="", repr=False)
    region: str = ""
    ca_file: str = ""
    is_insecure: bool = False

    @property
    def is_application(self) -> bool:
        """Whether an application credential logs in: its project is its own."""
        return bool(self.application_secret)

    def body(self) -> dict[str, Any]:
        """Return the body of ``POST /auth/tokens`` (Identity v3)."""
        user = {"name": self.username, "domain": {"name": self.user_domain_name}}
        if self.is_application:
            known = {"id": self.application_id} if self.application_id else {
                "name": self.application_name, "user": user,
            }  # fmt: skip
            secret = {**known, "secret": self.application_secret}
            identity = {"methods": ["application_credential"], "application_credential": secret}
            return {"auth": {"identity": identity}}
        identity = {
            "methods": ["password"],
            "password": {"user": user | {"password": self.password}},
        }
        project = {"id": self.project_id} if self.project_id else {
            "name": self.project_name, "domain": {"name": self.project_domain_name},
        }  # fmt: skip
        return {"auth": {"identity": identity, "scope": {"project": project}}}


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


def is_yes(text: str) -> bool:
    """Return whether a setting that is a text says yes."""
    return text.lower() in _YES


def _from_mapping(auth: Mapping[str, str], *, origin: str) -> Credentials:
    missing = [name for name in _wanted(auth) if not auth.get(name)]
    if missing:
        raise CredentialsMissing(
            f'{origin} lacks {", ".join(missing)}: run  eval "$(novabox env)"  first'
        )
    return Credentials(
        auth_url=auth["auth_url"].rstrip("/"),
        username=auth.get("username", ""),
        password=auth.get("password", ""),
        project_name=auth.get("project_name") or auth.get("project_id", ""),
        project_id=auth.get("project_id", ""),
        user_domain_name=auth.get("user_domain_name") or _DEFAULT,
        project_domain_name=auth.get("project_domain_name") or _DEFAULT,
        application_id=auth.get("application_credential_id", ""),
        application_name=auth.get("application_credential_name", ""),
        application_secret=auth.get("application_credential_secret", ""),
        region=auth.get("region_name", ""),
        ca_file=auth.get("cacert", ""),
        is_insecure=is_yes(auth.get("insecure", "")),
    )


def _wanted(auth: Mapping[str, str]) -> tuple[str, ...]:
    """Return what must be there, by how one logs in."""
    if auth.get("auth_type") == "v3applicationcredential" or any(
        auth.get(f"application_credential_{name}") for name in ("id", "secret")
    ):
        named = () if auth.get("application_credential_id") else ("username",)
        which = "application_credential_name" if named else "application_credential_id"
        if named and not auth.get("application_credential_name"):
            which, named = "application_credential_id", ()
        return ("auth_url", which, "application_credential_secret", *named)
    project = "project_id" if auth.get("project_id") else "project_name"
    return ("auth_url", "username", "password", project)


def _from_clouds_file(cloud: str, environ: Mapping[str, str]) -> Credentials:
    path = next((path for path in _clouds_files(environ) if path.is_file()), None)
    if path is None:
        raise CredentialsMissing(f"cloud {cloud}: no clouds.yaml found; set OS_CLIENT_CONFIG_FILE")
    clouds = _read_yaml(path).get("clouds") or {}
    if cloud not in clouds:
        raise CredentialsMissing(f"cloud {cloud} is not in {path}; it has {', '.join(clouds)}")
    document = clouds[cloud]
    auth = {name: str(value) for name, value in document.get("auth", {}).items()}
    for name in ("auth_type", "region_name", "cacert"):
        if document.get(name):
            auth[name] = str(
                Path(str(document[name])).expanduser() if name == "cacert" else document[name]
            )
    if document.get("verify") is False or is_yes(str(document.get("insecure", ""))):
        auth["insecure"] = "true"
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
