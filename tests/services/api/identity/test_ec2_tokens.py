"""Keystone's /v3/ec2tokens, with signatures as keystoneclient's own signer makes them."""

import copy
import hashlib
import time

import pytest
from keystoneclient.contrib.ec2 import utils

from appliance import credentials
from tests.services.api.identity import asking

URL = f"{asking.V3}/ec2tokens"


@pytest.fixture
def key(cloud):
    login = credentials.read(cloud.settings, "demo")
    return login.ec2_access, login.ec2_secret


def _stamp(form, offset_s=0.0):
    return time.strftime(form, time.gmtime(time.time() + offset_s))


def _signed(key, version, *, offset_s=0.0, **said):
    """What a service would send that was asked with a signature of demo's."""
    access, secret = key
    asked = {"access": access, "host": "box1:8773", "verb": "GET", "path": "/", "params": {}}
    if version == 2:
        asked["params"] = {
            "AWSAccessKeyId": access, "SignatureVersion": "2", "SignatureMethod": "HmacSHA256",
            "Action": "DescribeInstances", "Timestamp": _stamp("%Y-%m-%dT%H:%M:%SZ", offset_s),
        }  # fmt: skip
    else:
        day, moment = _stamp("%Y%m%d", offset_s), _stamp("%Y%m%dT%H%M%SZ", offset_s)
        scope = f"{access}/{day}/RegionOne/ec2/aws4_request"
        asked |= {"verb": "POST", "body_hash": hashlib.sha256(b"Action=X").hexdigest()}
        asked["params"] = {"Action": "X"}
        asked["headers"] = {
            "Host": "box1:8773", "X-Amz-Date": moment, "Content-Type": "text/plain",
            "Authorization": "AWS4-HMAC-SHA256 "
            f"Credential={scope}, SignedHeaders=host;x-amz-date, Signature=",
        }  # fmt: skip
    made = utils.Ec2Signer(secret).generate(copy.deepcopy(asked))
    if version == 4:
        asked["headers"]["Authorization"] += made
    return asked | {"signature": made} | said


def _ask(cloud, said, *, name="credentials", user="admin"):
    return cloud.ask("POST", URL, user=user, json={name: said})


@pytest.mark.parametrize("version", [2, 4])
@pytest.mark.parametrize("name", ["credentials", "ec2Credentials"])
def test_who_signed_is_told_with_a_token_of_its_project(cloud, key, version, name):
    answer = _ask(cloud, _signed(key, version), name=name)

    token = answer.json()["token"]
    assert (answer.status_code, token["methods"]) == (200, ["ec2credential"])
    assert (token["user"]["name"], token["project"]["name"]) == ("demo", "demo")
    assert [role["name"] for role in token["roles"]] == ["member", "reader"]
    cloud.tokens["signer"] = answer.headers["X-Subject-Token"]
    assert cloud.ask("GET", "/compute/v2.1/servers", user="signer").status_code == 200


@pytest.mark.parametrize("version", [2, 4])
@pytest.mark.parametrize(
    "said",
    [{"host": "box2"}, {"verb": "PUT"}, {"path": "/x"}, {"access": "other"}, {"access": "none"}],
)
def test_what_was_not_signed_is_401(cloud, key, version, said):
    assert _ask(cloud, _signed(key, version, **said)).status_code == 401


def test_another_secret_or_parameter_is_401(cloud, key):
    assert _ask(cloud, _signed((key[0], "guess"), 2)).status_code == 401
    said = _signed(key, 2)
    said["params"]["Action"] = "TerminateInstances"
    assert _ask(cloud, said).status_code == 401
    assert _ask(cloud, _signed(key, 4, body_hash="0" * 64)).status_code == 401
    assert _ask(cloud, _signed(("nobody", "x"), 2)).status_code == 401


@pytest.mark.parametrize("version", [2, 4])
def test_a_signature_of_another_time_is_400(cloud, key, version):
    assert _ask(cloud, _signed(key, version, offset_s=-3600)).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {}, {"credentials": {}}, {"credentials": None},
        {"credentials": {"access": "a", "signature": "b", "host": "c", "verb": "GET", "path": "/"}},
        {"credentials": {
            "access": "a", "signature": "b", "host": "c", "verb": "GET", "path": "/",
            "params": {"SignatureVersion": "1"},
        }},
    ],
)  # fmt: skip
def test_what_is_no_signature_is_400(cloud, body):
    assert cloud.ask("POST", URL, user="admin", json=body).status_code == 400


def test_only_services_ask_and_a_key_that_is_deleted_signs_no_more(cloud, key):
    assert _ask(cloud, _signed(key, 2), user="demo").status_code == 403
    assert cloud.client.post(URL, json={"credentials": _signed(key, 2)}).status_code == 401
    path = f"/users/{asking.user_id(cloud)}/credentials/OS-EC2/{key[0]}"
    asking.done(cloud, "DELETE", path, user="demo")

    assert _ask(cloud, _signed(key, 2)).status_code == 401
