"""The passwords and keys that a first start generates: written once, readable by root alone."""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

from appliance import config, errors

PEOPLE: Final = ("admin", "demo")  # the users that are somebody's; the others are workers'


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A user of the cloud, with the project it works in; people have a key for EC2's API too."""

    user: str
    password: str = field(repr=False)
    project: str
    ec2_access: str = ""
    ec2_secret: str = field(default="", repr=False)


def path(settings: config.Settings) -> Path:
    """The file that keeps them."""
    return settings.etc_dir / "credentials.json"


def read(settings: config.Settings, user: str) -> Login:
    """The generated login of `user`: `admin`, `demo`, or the workers' `nova` and `glance`.

    Raises Unavailable where the cloud was never started, or root's file cannot be read.
    """
    try:
        document = json.loads(path(settings).read_text())
        return Login(**document[user])
    except (OSError, KeyError) as error:
        raise errors.Unavailable(
            f"no password of {user} in {path(settings)} ({error}); "
            "start the cloud with `novabox up`, and read it as root"
        ) from error


def ensure(settings: config.Settings, projects_by_user: dict[str, str]) -> dict[str, Login]:
    """Read the file, or write it with new passwords for those users; safe to run twice."""
    file = path(settings)
    settings.etc_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = json.loads(file.read_text()) if file.exists() else {}
    logins = {
        user: Login(**kept[user])
        if user in kept
        else Login(user=user, password=secrets.token_urlsafe(18), project=project)
        for user, project in projects_by_user.items()
    }
    if set(kept) != set(logins):
        _write(file, logins)
    return logins


def keep_ec2_key(settings: config.Settings, user: str, *, access: str, secret: str) -> None:
    """Write the key with which `user` signs requests beside its password."""
    file = path(settings)
    logins = {name: Login(**kept) for name, kept in json.loads(file.read_text()).items()}
    logins[user] = replace(logins[user], ec2_access=access, ec2_secret=secret)
    _write(file, logins)


def _write(file: Path, logins: Mapping[str, Login]) -> None:
    """Whole or not at all."""
    fresh = file.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump({user: asdict(login) for user, login in logins.items()}, out, indent=2)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)


def openstack_environment(settings: config.Settings, user: str) -> dict[str, str]:
    """The OS_* variables with which OpenStack's clients log in as `user`."""
    login = read(settings, user)
    return {
        "OS_AUTH_URL": f"{settings.api_url}/identity/v3",
        "OS_IDENTITY_API_VERSION": "3",
        "OS_USERNAME": login.user,
        "OS_PASSWORD": login.password,
        "OS_PROJECT_NAME": login.project,
        "OS_USER_DOMAIN_NAME": "Default",
        "OS_PROJECT_DOMAIN_NAME": "Default",
        "OS_REGION_NAME": "RegionOne",
    }


def ec2_environment(settings: config.Settings, user: str) -> dict[str, str]:
    """The variables with which clients of EC2's API and of S3's sign as `user`.

    EC2_URL, EC2_ACCESS_KEY and EC2_SECRET_KEY are Eucalyptus' and Nova's, the rest Amazon's own.
    EC2_CERT is the cloud's certificate, for which `euca-bundle-image` encrypts.
    None for a user that was given no key yet: the next start gives it one.
    """
    login = read(settings, user)
    if not login.ec2_access:
        return {}
    url = f"{settings.api_url}/services/Cloud"
    return {
        "EC2_URL": url,
        "EC2_ACCESS_KEY": login.ec2_access,
        "EC2_SECRET_KEY": login.ec2_secret,
        "AWS_ACCESS_KEY_ID": login.ec2_access,
        "AWS_SECRET_ACCESS_KEY": login.ec2_secret,
        "AWS_DEFAULT_REGION": "RegionOne",
        "AWS_ENDPOINT_URL_EC2": url,
        "AWS_ENDPOINT_URL_S3": settings.object_url,
        "EC2_CERT": str(settings.etc_dir / "cloud-cert.pem"),
    }


def clouds_yaml(settings: config.Settings) -> str:
    """A `clouds.yaml` with one entry a person: `novabox` (demo) and `novabox-admin`.

    Written as JSON strings, which every YAML reader accepts.
    """
    lines = ["clouds:"]
    for cloud, user in (("novabox", "demo"), ("novabox-admin", "admin")):
        login = read(settings, user)
        lines += [
            f"  {cloud}:",
            "    region_name: RegionOne",
            "    identity_api_version: 3",
            "    auth:",
            f"      auth_url: {json.dumps(settings.api_url + '/identity/v3')}",
            f"      username: {json.dumps(login.user)}",
            f"      password: {json.dumps(login.password)}",
            f"      project_name: {json.dumps(login.project)}",
            "      user_domain_name: Default",
            "      project_domain_name: Default",
        ]
    return "\n".join(lines)
