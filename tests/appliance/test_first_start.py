"""The first start: users with passwords of their own, told once, and kept for root alone."""

import json
import os
import stat
from pathlib import Path

import pytest

from appliance import config, credentials
from appliance.cli import cloud
from appliance.db import connection, projects, users
from services.identity import api
from services.image import certificate


def _said(settings: config.Settings, capsys: pytest.CaptureFixture[str]) -> str:
    cloud.prepare(settings)
    return capsys.readouterr().out


def _logins(settings: config.Settings) -> dict[str, dict[str, str]]:
    logins: dict[str, dict[str, str]] = json.loads(credentials.path(settings).read_text())
    return logins


def test_the_passwords_are_told_at_the_first_start_and_never_again(
    settings: config.Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    first = _said(settings, capsys)

    kept = _logins(settings)
    assert [word for name in ("admin", "demo") for word in (kept[name]["password"],)] == [
        line.split()[1] for line in first.splitlines() if line.startswith("  ")
    ]
    assert str(credentials.path(settings)) in first
    assert "nova" not in first.split()  # the workers' are nobody's to know

    assert _said(settings, capsys) == ""
    assert _logins(settings) == kept


def test_they_log_in_and_no_other_cloud_has_them(
    settings: config.Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    cloud.prepare(settings)
    cloud.prepare(config.parse({"host": "box2"}, home=tmp_path / "other"))
    other = json.loads((tmp_path / "other/etc/credentials.json").read_text())
    db = connection.open_db(settings.home)
    identity, home = api.Identity(settings, db), api.Who(id="default")

    for name in ("admin", "demo"):
        password = credentials.read(settings, name).password
        _, token = identity.by_password(api.Who(name=name, domain=home), password, None)
        assert token.standing.target is not None
        assert token.standing.target.name == name
        assert len(password) >= 24
        assert password != other[name]["password"]
    assert {user.name for user in users.listed(db)} == {"admin", "demo", "nova", "glance"}
    assert {one.name for one in projects.listed(db, {"is_domain": 0})} == {
        "admin", "demo", "service",
    }  # fmt: skip
    db.close()


def test_what_is_secret_is_its_owners_alone_and_stands_nowhere_else(
    settings: config.Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    umask = os.umask(0)  # whatever the user's lets others read
    try:
        cloud.prepare(settings)
    finally:
        os.umask(umask)

    assert stat.S_IMODE(settings.etc_dir.stat().st_mode) == 0o700
    for path in set(settings.etc_dir.iterdir()) - {certificate.path(settings.etc_dir)}:  # public
        assert (path.name, stat.S_IMODE(path.stat().st_mode)) == (path.name, 0o600)
    secrets = [one[key].encode() for one in _logins(settings).values() for key in ("password",)]
    secrets += [_logins(settings)[name]["ec2_secret"].encode() for name in ("admin", "demo")]
    kept = [path for path in settings.home.rglob("*") if path.is_file()]
    assert [path for path in kept if any(one in path.read_bytes() for one in secrets)] == [
        credentials.path(settings)
    ]
