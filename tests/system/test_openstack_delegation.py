"""python-openstackclient, unchanged: what a user lets others, and its own programs, do for it."""

import json
from typing import Any

import pytest

from tests import cloud as clouds

pytestmark = [pytest.mark.host, pytest.mark.timeout(300)]

OPENSTACK = str(clouds.BIN / "openstack")
NEVER = "2999-12-31T23:59:59"


def run(cloud: clouds.Cloud, *arguments: str, user: str = "demo") -> None:
    """A command that prints nothing."""
    cloud.run(OPENSTACK, *arguments, user=user)


def refused(cloud: clouds.Cloud, *arguments: str) -> str:
    """What the demo user is told when it may not."""
    done = cloud.run(OPENSTACK, *arguments, user="demo", check=False)
    assert done.returncode != 0, done.stdout
    return done.stderr


def logged_in(cloud: clouds.Cloud, *arguments: str, **login: str) -> Any:
    """The answer to who is logged in by these variables alone."""
    url = f"OS_AUTH_URL={cloud.settings.api_url}/identity/v3"
    variables = [url, *(f"OS_{name.upper()}={value}" for name, value in login.items())]
    done = cloud.run("env", "-i", *variables, OPENSTACK, *arguments, "-f", "json")
    return json.loads(done.stdout)


def test_an_application_credential_logs_in_until_it_is_deleted(cloud):
    rule = json.dumps([{"service": "compute", "method": "GET", "path": "/v2.1/servers"}])
    made = cloud.openstack("application", "credential", "create", "plain", "--role", "reader")
    robot = cloud.openstack(
        "application", "credential", "create", "robot", "--secret", "hush", "--expiration", NEVER,
        "--description", "a robot", "--access-rules", rule,
    )  # fmt: skip

    assert cloud.openstack("application", "credential", "show", "robot")["ID"] == robot["ID"]
    assert len(cloud.openstack("application", "credential", "list")) == 2
    login = {
        "auth_type": "v3applicationcredential",
        "application_credential_id": made["ID"],
        "application_credential_secret": made["Secret"],
    }
    assert logged_in(cloud, "token", "issue", **login)["project_id"] == made["Project ID"]
    (used,) = cloud.openstack("access", "rule", "list")
    assert (used["Method"], used["Path"]) == ("GET", "/v2.1/servers")
    assert cloud.openstack("access", "rule", "show", used["ID"])["Service"] == "compute"
    assert "is used by an application credential" in refused(
        cloud, "access", "rule", "delete", used["ID"]
    )
    run(cloud, "application", "credential", "delete", "plain", "robot")
    run(cloud, "access", "rule", "delete", used["ID"])
    assert not cloud.openstack("application", "credential", "list")
    assert not cloud.openstack("access", "rule", "list")


def test_a_trust_lets_its_trustee_act_for_the_trustor(cloud):
    demo = cloud.openstack("token", "issue")
    admin = cloud.openstack("token", "issue", user="admin")
    role = cloud.openstack("role", "show", "member", user="admin")["id"]
    made = cloud.openstack(
        "trust", "create", demo["user_id"], admin["user_id"], "--project", demo["project_id"],
        "--role", role, "--impersonate", "--expiration", NEVER,
    )  # fmt: skip

    assert cloud.openstack("trust", "show", made["id"])["trustee_user_id"] == admin["user_id"]
    assert [one["ID"] for one in cloud.openstack("trust", "list", user="admin")] == [made["id"]]
    (own,) = cloud.openstack("trust", "list", "--trustor", demo["user_id"])
    assert own["ID"] == made["id"]
    run(cloud, "trust", "delete", made["id"])
    assert not cloud.openstack("trust", "list", user="admin")


def test_credentials_and_keys_are_kept_and_shown_to_whom_they_belong(cloud):
    made = cloud.openstack("credential", "create", "demo", "x", "--type", "cert", user="admin")
    key = cloud.openstack("ec2", "credentials", "create")

    listed = cloud.openstack("credential", "list", "--type", "cert", user="admin")
    assert [one["Data"] for one in listed] == ["x"]
    run(
        cloud, "credential", "set", made["id"], "--user", "demo", "--type", "cert", "--data", "y",
        user="admin",
    )  # fmt: skip
    assert cloud.openstack("credential", "show", made["id"], user="admin")["blob"] == "y"
    assert cloud.openstack("ec2", "credentials", "show", key["access"])["secret"] == key["secret"]
    assert key["access"] in [one["Access"] for one in cloud.openstack("ec2", "credentials", "list")]
    run(cloud, "credential", "delete", made["id"], user="admin")
    run(cloud, "ec2", "credentials", "delete", key["access"])
    assert "404" in refused(cloud, "ec2", "credentials", "show", key["access"])
