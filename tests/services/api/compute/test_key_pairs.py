"""Key pairs through the Compute API; the private half is in one answer and nowhere else."""

import pytest
from cryptography.hazmat.primitives import serialization

from appliance.db import key_pairs
from tests.services.api.clouds import COMPUTE

URL = f"{COMPUTE}/os-keypairs"
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me@here"


def test_a_new_pair_fits_together_and_its_private_half_is_not_kept(cloud):
    made = cloud.post(URL, {"keypair": {"name": "test"}})["keypair"]

    private = serialization.load_pem_private_key(made["private_key"].encode(), password=None)
    public = private.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    assert made["public_key"].startswith(public.decode())
    row = key_pairs.get(cloud.db, made["user_id"], "test")
    assert row.fingerprint == made["fingerprint"]
    assert b"PRIVATE KEY" not in (cloud.settings.home / "state.db").read_bytes()
    assert "private_key" not in cloud.get(f"{URL}/test")["keypair"]


def test_an_imported_key_keeps_its_fingerprint(cloud):
    made = cloud.post(URL, {"keypair": {"name": "mine", "public_key": ED25519}})["keypair"]

    assert made["fingerprint"] == "65:96:2d:fc:e8:d5:a9:11:64:0c:0f:ea:00:6e:5b:bd"
    assert "private_key" not in made


def test_pairs_belong_to_their_user(cloud):
    cloud.post(URL, {"keypair": {"name": "mine", "public_key": ED25519}})

    assert [one["keypair"]["name"] for one in cloud.get(URL)["keypairs"]] == ["mine"]
    assert cloud.get(URL, user="other") == {"keypairs": []}
    assert cloud.ask("GET", f"{URL}/mine", user="other").status_code == 404


def test_pages_follow_one_another_by_name(cloud):
    for name in ("a", "b", "c"):
        cloud.post(URL, {"keypair": {"name": name, "public_key": ED25519}})

    first = cloud.get(f"{URL}?limit=2")
    second = cloud.get(first["keypairs_links"][0]["href"].removeprefix("http://testserver"))

    assert [one["keypair"]["name"] for one in second["keypairs"]] == ["c"]
    assert cloud.ask("GET", f"{URL}?marker=zz").status_code == 400


def test_from_2_2_on_pairs_have_a_type_and_other_statuses(cloud):
    headers = {"OpenStack-API-Version": "compute 2.2"}
    body = {"keypair": {"name": "mine", "public_key": ED25519, "type": "ssh"}}

    made = cloud.ask("POST", URL, json=body, headers=headers)

    assert (made.status_code, made.json()["keypair"]["type"]) == (201, "ssh")
    assert cloud.ask("DELETE", f"{URL}/mine", headers=headers).status_code == 204


def test_a_deleted_pair_is_gone(cloud):
    cloud.post(URL, {"keypair": {"name": "mine", "public_key": ED25519}})

    assert cloud.ask("DELETE", f"{URL}/mine").status_code == 202
    assert cloud.ask("DELETE", f"{URL}/mine").status_code == 404


@pytest.mark.parametrize(
    ("pair", "status"),
    [
        ({"name": "x", "public_key": "ssh-rsa notbase64"}, 400),
        ({"name": "x", "public_key": "hello"}, 400),
        ({"name": "x", "public_key": "ssh-ed25519 " + "A" * 20_000}, 400),
        ({"name": "x/../y", "public_key": ED25519}, 400),
        ({"name": ""}, 400),
        ({"name": "x" * 256}, 400),
        ({"name": "x", "type": "x509"}, 400),
        ({"name": 5}, 400),
        ({}, 400),
        ({"name": "taken", "public_key": ED25519}, 409),
    ],
)
def test_a_pair_that_cannot_be_is_refused(cloud, pair, status):
    cloud.post(URL, {"keypair": {"name": "taken", "public_key": ED25519}})
    before = cloud.counts()

    assert cloud.ask("POST", URL, json={"keypair": pair}).status_code == status
    assert cloud.counts() == before
