"""python-openstackclient, unchanged: what administrators keep of people, places and the catalog.

One process runs many commands, read from its input: each start would take longer than they do.
"""

import json
from typing import Any

import pytest

from tests import cloud as clouds

pytestmark = [pytest.mark.host, pytest.mark.timeout(300)]

OPENSTACK = str(clouds.BIN / "openstack")


def answers(
    cloud: clouds.Cloud, commands: str, *, user: str = "admin", refused: tuple[str, ...] = ()
) -> list[Any]:
    """What the commands answer as JSON, one after another; of those that print nothing, nothing.

    What is refused is said on stderr: a line for each of `refused`, in this order, and no other.
    """
    lines = [line.strip() for line in commands.strip().splitlines()]
    done = cloud.run(OPENSTACK, user=user, check=False, stdin="\n".join(lines) + "\n")
    told = [line for line in done.stderr.splitlines() if line and "failed to delete" not in line]
    assert len(told) == len(refused), done.stderr
    assert all(word in line for word, line in zip(refused, told, strict=True)), done.stderr
    found, decoder, text = list[Any](), json.JSONDecoder(), done.stdout.strip()
    while text:
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:].strip()
    return found


def test_people_and_places_are_made_joined_by_roles_and_removed(cloud):
    domain, parent, child, user, group, role = answers(
        cloud, """
        domain create edu --description schools -f json
        project create --domain edu parent --tag old -f json
        project create --domain edu --parent parent child -f json
        user create --domain edu --email ann@edu --password secret ann -f json
        group create --domain edu staff -f json
        role create chef -f json
        """,
    )  # fmt: skip

    assert (domain["description"], parent["tags"]) == ("schools", ["old"])
    assert (child["parent_id"], child["domain_id"]) == (parent["id"], domain["id"])
    assert (user["email"], group["domain_id"]) == ("ann@edu", domain["id"])
    implied, held, inherited, family, tagged, members, own = answers(
        cloud, f"""
        group add user --group-domain edu --user-domain edu staff ann
        implied role create --implied-role reader chef -f json
        role add --group staff --group-domain edu --domain edu --inherited chef
        role add --user ann --user-domain edu --project child --project-domain edu member
        role add --user ann --user-domain edu --system all reader
        role assignment list --user ann --user-domain edu --names --effective -f json
        role assignment list --group staff --group-domain edu -f json
        project show --domain edu child --parents -f json
        project list --domain edu --tags old -f json
        user list --group {group["id"]} -f json
        project list --user ann --domain edu -f json
        """,
    )  # fmt: skip
    assert implied["prior_role"] == role["id"]
    assert {(one["Role"], one["Project"], one["System"]) for one in held} == {
        ("reader", "", "all"), ("member", "child@edu", ""), ("reader", "child@edu", ""),
        ("chef", "child@edu", ""), ("chef", "parent@edu", ""), ("reader", "parent@edu", ""),
    }  # fmt: skip
    assert [(one["Role"], one["Domain"], one["Inherited"]) for one in inherited] == [
        (role["id"], domain["id"], True)
    ]
    assert family["parents"] == {parent["id"]: {domain["id"]: None}}
    assert [one["Name"] for one in tagged] == ["parent"]
    assert [one["Name"] for one in members] == ["ann"]
    assert {one["Name"] for one in own} == {"parent", "child"}
    domains, roles = answers(
        cloud, """
        role remove --user ann --user-domain edu --system all reader
        role remove --group staff --group-domain edu --domain edu --inherited chef
        group remove user --group-domain edu --user-domain edu staff ann
        implied role delete --implied-role reader chef
        project delete --domain edu parent
        project delete --domain edu child
        domain delete edu
        domain set --disable edu
        domain delete edu
        role delete chef
        role delete admin
        user show ann -f json
        domain list -f json
        role list -f json
        """,
        refused=("not a leaf", "disable it first", "immutable", "No User found"),
    )  # fmt: skip
    assert [one["Name"] for one in domains] == ["Default"]
    assert "chef" not in [one["Name"] for one in roles]


def test_the_catalog_and_its_limits_are_kept(cloud):
    far, _, service, endpoint, registered, limit, listed, offered = answers(
        cloud, """
        region create far --description away -f json
        region create --parent-region far near -f json
        service create --name heaven --description up sky -f json
        endpoint create --region far heaven public http://sky/$(project_id)s -f json
        registered limit create --service heaven --default-limit 10 --region far clouds -f json
        limit create --service heaven --project demo --resource-limit 5 --region far clouds -f json
        limit list -f json
        registered limit list -f json
        """,
    )  # fmt: skip

    assert (far["description"], endpoint["region_id"]) == ("away", "far")
    assert (registered["default_limit"], limit["resource_limit"]) == (10, 5)
    assert [one["ID"] for one in listed] == [limit["id"]]
    assert [one["ID"] for one in offered] == [registered["id"]]
    shown, own, token = answers(
        cloud, """
        catalog show heaven -f json
        limit list -f json
        token issue -f json
        """,
        user="demo",
    )  # fmt: skip
    assert shown["endpoints"][0]["url"] == f"http://sky/{token['project_id']}"
    assert [one["Resource Limit"] for one in own] == [5]
    changed, off, limits, regions = answers(
        cloud, f"""
        limit set --resource-limit 7 {limit["id"]} -f json
        region delete far
        service set --disable heaven
        service show heaven -f json
        service delete heaven
        region delete near
        region delete far
        limit list -f json
        region list -f json
        """,
        refused=("it has regions",),
    )  # fmt: skip
    assert (changed["resource_limit"], off["id"], off["enabled"]) == (7, service["id"], False)
    assert (limits, [one["Region"] for one in regions]) == ([], ["RegionOne"])


def test_a_token_is_revoked_and_a_password_changed(cloud):
    made, *_ = answers(
        cloud, """
        user create --project demo --password secret carl -f json
        role add --user carl --project demo member
        """,
    )  # fmt: skip
    login = [
        "env", f"OS_AUTH_URL={cloud.settings.api_url}/identity/v3", "OS_USERNAME=carl",
        "OS_PROJECT_NAME=demo", "OS_USER_DOMAIN_NAME=Default", "OS_PROJECT_DOMAIN_NAME=Default",
    ]  # fmt: skip
    commands = (
        "token issue -f value -c id\nuser password set --password new --original-password secret\n"
    )

    done = cloud.run(*login, "OS_PASSWORD=secret", OPENSTACK, stdin=commands, check=False)

    token = done.stdout.strip()
    assert (len(token) > 100, done.stderr) == (True, "")
    old = cloud.run(*login, "OS_PASSWORD=secret", OPENSTACK, "token", "issue", check=False)
    assert "401" in old.stderr
    again = "token issue -f value -c id\n"
    fresh = cloud.run(*login, "OS_PASSWORD=new", OPENSTACK, stdin=again, check=False).stdout.strip()
    url = f"{cloud.settings.api_url}/identity/v3/auth/tokens"
    assert [_status(cloud, url, one) for one in (token, fresh)] == [401, 200]
    answers(cloud, f"token revoke {fresh}")
    assert _status(cloud, url, fresh) == 401
    answers(cloud, f"user delete {made['id']}")


def _status(cloud: clouds.Cloud, url: str, token: str) -> int:
    """How the API answers a request with this token about itself."""
    headers = ("-H", f"X-Auth-Token: {token}", "-H", f"X-Subject-Token: {token}")
    done = cloud.run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", *headers, url)
    return int(done.stdout)
