"""Where credentials come from, and what is said when there are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.fake_cloud import ENVIRON
from tui.client import credentials
from tui.client.errors import CredentialsMissing

CLOUDS = """
clouds:
  box1:
    auth:
      auth_url: http://127.0.0.1:8774/identity/v3/
      username: demo
      password: 1234
      project_name: demo
      user_domain_name: Users
"""


def test_the_os_variables_are_enough() -> None:
    who = credentials.find(ENVIRON)
    assert (
        who.username, who.password, who.project_name, who.user_domain_name,
    ) == ("demo", "secret", "demo", "Default")  # fmt: skip


@pytest.mark.parametrize("name", ENVIRON)
def test_what_is_missing_is_named_with_what_to_do(name: str) -> None:
    environ = {key: value for key, value in ENVIRON.items() if key != name}
    with pytest.raises(CredentialsMissing, match=name[3:].lower()) as caught:
        credentials.find(environ)
    assert "novabox env" in str(caught.value)


def test_a_cloud_of_clouds_yaml(tmp_path: Path) -> None:
    file = tmp_path / "clouds.yaml"
    file.write_text(CLOUDS)
    environ = {**ENVIRON, "OS_CLIENT_CONFIG_FILE": str(file)}
    for who in (
        credentials.find(environ, cloud="box1"),
        credentials.find({**environ, "OS_CLOUD": "box1"}),
    ):
        assert who.auth_url == "http://127.0.0.1:8774/identity/v3"
        assert who.password == "1234"
        assert who.user_domain_name == "Users"


def test_a_cloud_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    file = tmp_path / "clouds.yaml"
    file.write_text(CLOUDS)
    with pytest.raises(CredentialsMissing, match=r"box2 is not in .*it has box1"):
        credentials.find({"OS_CLIENT_CONFIG_FILE": str(file)}, cloud="box2")


def test_no_file_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(CredentialsMissing, match=r"no clouds\.yaml"):
        credentials.find({}, cloud="nowhere-such-cloud")


APPLICATION = """
clouds:
  afar:
    auth_type: v3applicationcredential
    region_name: North
    cacert: /etc/ssl/own.pem
    auth:
      auth_url: https://afar.example/identity/v3
      application_credential_id: 4711
      application_credential_secret: hush
  careless:
    verify: false
    auth: {auth_url: https://x, username: u, password: p, project_id: 0815}
  named:
    auth_type: v3applicationcredential
    auth:
      auth_url: https://x
      application_credential_name: ci
      application_credential_secret: hush
      username: ann
  halfway:
    auth_type: v3applicationcredential
    auth: {auth_url: https://x}
"""


def test_application_credentials_and_trust_of_clouds_yaml(tmp_path: Path) -> None:
    file = tmp_path / "clouds.yaml"
    file.write_text(APPLICATION)
    environ = {"OS_CLIENT_CONFIG_FILE": str(file)}
    who = credentials.find(environ, cloud="afar")
    assert (who.region, who.ca_file, who.is_insecure) == ("North", "/etc/ssl/own.pem", False)
    assert who.body() == {
        "auth": {
            "identity": {
                "methods": ["application_credential"],
                "application_credential": {"id": "4711", "secret": "hush"},
            }
        }
    }
    assert "hush" not in repr(who)
    careless = credentials.find(environ, cloud="careless")
    assert careless.is_insecure
    assert careless.body()["auth"]["scope"] == {"project": {"id": "0815"}}
    named = credentials.find(environ, cloud="named").body()["auth"]["identity"]
    assert named["application_credential"]["user"]["name"] == "ann"
    with pytest.raises(CredentialsMissing, match="application_credential_id"):
        credentials.find(environ, cloud="halfway")


def test_trust_by_the_variables() -> None:
    who = credentials.find({**ENVIRON, "OS_CACERT": "/ca.pem", "OS_INSECURE": "True"})
    assert (who.ca_file, who.is_insecure) == ("/ca.pem", True)
