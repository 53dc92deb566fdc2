"""Keystone's /v3/credentials over HTTP: its form, and what is refused."""

import hashlib
import json

import pytest

from appliance.db import users
from tests.services.api.ec2 import clients

URL = "/identity/v3/credentials"
BLOB = json.dumps({"access": "A1", "secret": "hush"})


def _id(cloud, name="demo"):
    found = users.find_by_name(cloud.db, name)
    assert found is not None
    return found.id


def _made(cloud, **said):
    body = {"credential": {"type": "cert", "blob": "x", **said}}
    return cloud.post(URL, body)["credential"]


def test_a_credential_is_made_changed_and_deleted(cloud):
    made = _made(cloud, note="mine")
    url = f"{URL}/{made['id']}"

    assert made == {
        "id": made["id"], "type": "cert", "blob": "x", "user_id": _id(cloud), "project_id": None,
        "note": "mine", "links": {"self": f"http://testserver{url}"},
    }  # fmt: skip
    changed = cloud.ask("PATCH", url, json={"credential": {"blob": "y"}})
    assert changed.json() == {"credential": made | {"blob": "y"}} == cloud.get(url)
    assert cloud.get(URL, params={"type": "cert"})["credentials"] == [made | {"blob": "y"}]
    assert cloud.ask("DELETE", url).status_code == 204
    assert cloud.ask("GET", url).status_code == 404
    assert cloud.ask("PATCH", url, json={"credential": {"blob": "z"}}).status_code == 404


def test_a_credential_of_type_ec2_signs(cloud):
    made = _made(cloud, type="ec2", blob=BLOB, project_id=cloud.project_id())

    assert made["id"] == hashlib.sha256(b"A1").hexdigest()
    assert len(cloud.get(URL, params={"type": "ec2"})["credentials"]) == 2  # and the first start's
    ec2 = clients.boto3_client(cloud, access="A1", secret="hush")
    assert len(ec2.describe_regions()["Regions"]) == 1


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"type": None}, 400),
        ({"type": ""}, 400),
        ({"blob": {"access": "A"}}, 400),
        ({"user_id": 1}, 400),
        ({"type": "ec2"}, 400),
        ({"type": "ec2", "blob": BLOB}, 400),
        ({"type": "ec2", "blob": BLOB, "project_id": "none"}, 404),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(cloud, said, status):
    before = cloud.get(URL)
    body = {"credential": {"type": "cert", "blob": "x", **said}}

    assert cloud.ask("POST", URL, json=body).status_code == status

    assert cloud.get(URL) == before


def test_what_is_another_users_is_an_admins_to_handle(cloud):
    made = _made(cloud)
    url = f"{URL}/{made['id']}"

    for method, body in (("GET", None), ("PATCH", {"credential": {"blob": "y"}}), ("DELETE", None)):
        assert cloud.ask(method, url, json=body, user="other").status_code == 403
    assert cloud.get(URL, user="other")["credentials"] == []
    assert cloud.ask("GET", URL, params={"user_id": _id(cloud)}, user="other").status_code == 403
    listed = cloud.get(URL, params={"user_id": _id(cloud), "type": "cert"}, user="admin")
    assert listed["credentials"] == [made]
    assert cloud.ask("DELETE", url, user="admin").status_code == 204
