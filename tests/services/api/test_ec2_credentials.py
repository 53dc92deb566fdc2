"""Keystone's OS-EC2: keys for EC2's API, by whoever they belong to and by an admin."""

from appliance.db import users
from tests.services.api.ec2 import clients

USERS = "/identity/v3/users"


def _url(cloud, user="demo"):
    found = users.find_by_name(cloud.db, user)
    assert found is not None
    return f"{USERS}/{found.id}/credentials/OS-EC2"


def test_a_key_is_made_shown_used_and_deleted(cloud):
    url, project_id = _url(cloud), cloud.project_id()

    made = cloud.post(url, {"tenant_id": project_id})["credential"]

    assert made["tenant_id"] == project_id
    assert made["links"]["self"].endswith(f"{url}/{made['access']}")
    assert cloud.get(f"{url}/{made['access']}")["credential"] == made
    assert len(cloud.get(url)["credentials"]) == 2  # with that of the first start
    ec2 = clients.boto3_client(cloud, access=made["access"], secret=made["secret"])
    assert len(ec2.describe_regions()["Regions"]) == 1
    assert cloud.ask("DELETE", f"{url}/{made['access']}").status_code == 204
    assert cloud.ask("GET", f"{url}/{made['access']}").status_code == 404


def test_others_keys_are_an_admins_to_see(cloud):
    url, body = _url(cloud), {"tenant_id": cloud.project_id()}

    assert cloud.ask("GET", url, user="other").status_code == 403
    assert cloud.ask("POST", url, user="other", json=body).status_code == 403
    assert len(cloud.get(url, user="admin")["credentials"]) == 1
    assert cloud.ask("POST", _url(cloud, "other"), user="other", json=body).status_code == 404
