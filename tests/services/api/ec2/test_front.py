"""The way of every request: who signs, what is asked, what comes back, what is refused."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import botocore.exceptions
import pytest
from botocore import auth, awsrequest
from botocore.credentials import Credentials

from appliance import credentials, trace
from appliance.db import ec2_credentials
from tests.services.api.ec2 import clients, raw
from tests.services.api.ec2.clients import URL


@pytest.mark.parametrize("version", ["2008-12-01", "2009-11-30", "2015-10-01", "2016-11-15"])
def test_an_answer_is_compact_and_echoes_the_version(cloud, version):
    answer = raw.ask(cloud, "DescribeKeyPairs", version=version)

    request_id = answer.headers["X-Openstack-Request-Id"]
    assert answer.text == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<DescribeKeyPairsResponse xmlns="http://ec2.amazonaws.com/doc/{version}/">'
        f"<requestId>{request_id}</requestId><keySet/></DescribeKeyPairsResponse>"
    )
    assert answer.headers["Content-Type"] == "text/xml;charset=UTF-8"


def test_an_action_with_nothing_to_say_returns_true(cloud):
    answer = raw.ask(cloud, "DeleteKeyPair", KeyName="none")

    assert "<return>true</return></DeleteKeyPairResponse>" in answer.text


def test_the_path_with_a_slash_is_no_other(cloud):
    login = credentials.read(cloud.settings, "demo")
    request = awsrequest.AWSRequest(
        method="GET", url=f"{URL}/",
        params={"Action": "DescribeRegions", "Version": "2014-10-01"},
    )  # fmt: skip
    auth.SigV2Auth(Credentials(login.ec2_access, login.ec2_secret)).add_auth(request)

    answer = cloud.client.get(request.prepare().url)

    assert "<regionName>RegionOne</regionName>" in answer.text


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"Action": "DescribeFish", "Version": "2016-11-15"}, (400, "InvalidAction")),
        ({"Version": "2016-11-15"}, (400, "MissingParameter")),
        ({"Action": "DescribeRegions"}, (400, "MissingParameter")),
        ({"Action": "DescribeRegions", "Version": "2006-06-26"}, (400, "NoSuchVersion")),
        ({"Action": "DescribeRegions", "Version": '2016"/>'}, (400, "NoSuchVersion")),
        (
            {"Action": "DescribeRegions", "Version": "2016-11-15", "Fish": "1"},
            (400, "UnknownParameter"),
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(cloud, parameters, expected):
    assert raw.refusal(raw.send(cloud, parameters)) == expected


def test_a_refusal_names_its_request(cloud):
    answer = raw.ask(cloud, "DescribeFish<&>")

    root = ElementTree.fromstring(answer.content)
    assert root.findtext("RequestID") == answer.headers["X-Openstack-Request-Id"]
    assert "DescribeFish<&>" in str(root.findtext("Errors/Error/Message"))
    assert "\n<Response><Errors><Error><Code>" in answer.text


def test_who_does_not_sign_or_signs_wrongly_is_not_let_in(cloud):
    asked = {"Action": "DescribeRegions", "Version": "2016-11-15"}

    assert raw.refusal(cloud.client.get(URL, params=asked)) == (401, "AuthFailure")
    assert raw.refusal(cloud.client.post(URL, data=asked)) == (401, "AuthFailure")
    assert raw.refusal(raw.send(cloud, asked, secret="wrong")) == (401, "AuthFailure")
    headers = {"X-Auth-Token": cloud.tokens["demo"]}
    answer = cloud.client.get(URL, params=asked, headers=headers)
    assert raw.refusal(answer) == (401, "AuthFailure")
    half = asked | {"Signature": "AAAA", "SignatureVersion": "2"}
    assert raw.refusal(cloud.client.get(URL, params=half)) == (400, "MissingParameter")
    with pytest.raises(botocore.exceptions.ClientError, match="AuthFailure"):
        clients.boto3_client(cloud, access="0" * 32).describe_regions()


def test_a_key_that_is_deleted_is_no_key(cloud):
    with cloud.db.transaction() as tx:
        ec2_credentials.delete(tx, credentials.read(cloud.settings, "demo").ec2_access)

    assert raw.refusal(raw.ask(cloud, "DescribeRegions")) == (401, "AuthFailure")


@pytest.mark.parametrize("minutes", [-20, 20])
def test_a_request_of_another_time_has_expired(cloud, minutes):
    login = credentials.read(cloud.settings, "demo")
    when = datetime.now(UTC) + timedelta(minutes=minutes)
    request = awsrequest.AWSRequest(
        method="POST", url=URL, data={"Action": "DescribeRegions", "Version": "2016-11-15"}
    )
    request.context["timestamp"] = when.strftime("%Y%m%dT%H%M%SZ")
    signer = auth.SigV4Auth(Credentials(login.ec2_access, login.ec2_secret), "ec2", "RegionOne")
    ready = request.prepare()
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    signed = signer.string_to_sign(request, signer.canonical_request(request))
    signer._inject_signature_to_request(request, signer.signature(signed, request))

    answer = cloud.client.post(URL, content=ready.body, headers=dict(request.headers))

    assert raw.refusal(answer) == (400, "RequestExpired")


def test_a_dry_run_checks_and_leaves_nothing(cloud):
    before = cloud.counts()
    expected = (412, "DryRunOperation")

    for action, parameters in {
        "CreateKeyPair": {"KeyName": "test"},
        "CreateSecurityGroup": {"GroupName": "web", "GroupDescription": "d"},
        "DescribeSecurityGroups": {},
        "DescribeRegions": {},
    }.items():
        assert raw.refusal(raw.ask(cloud, action, DryRun="true", **parameters)) == expected
    assert cloud.counts() == before


def test_a_dry_run_of_what_cannot_be_says_so(cloud):
    raw.ask(cloud, "CreateKeyPair", KeyName="test")

    answer = raw.ask(cloud, "CreateKeyPair", KeyName="test", DryRun="true")

    assert raw.refusal(answer) == (400, "InvalidKeyPair.Duplicate")


def test_a_mistake_of_ours_is_an_internal_error(cloud, caplog):
    with cloud.db.transaction() as tx:
        tx.execute("DROP TABLE ec2_tags")

    assert raw.refusal(raw.ask(cloud, "DescribeTags")) == (500, "InternalError")
    assert "ec2_tags" in caplog.text


def test_a_body_has_a_limit(cloud):
    limit = cloud.settings.api.body_bytes_max
    answer = raw.ask(cloud, "CreateKeyPair", KeyName="x" * limit)

    assert raw.refusal(answer) == (413, "RequestEntityTooLarge")


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_other_methods_are_none_of_ec2s(cloud, method):
    assert raw.refusal(cloud.client.request(method, URL)) == (405, "InvalidAction")


def test_a_trace_is_found_by_the_request_id_and_named_by_the_action(cloud):
    trace.start(cloud.settings.home, "api", hops_max=1000)
    answer = raw.ask(cloud, "CreateSecurityGroup", GroupName="web", GroupDescription="d")
    refused = raw.ask(cloud, "CreateSecurityGroup", GroupName="web", GroupDescription="d")
    trace.flush()

    log = trace.Log(cloud.settings.home)
    root = clients.check(answer)
    request_id = next(part.text for part in root if part.tag.endswith("requestId"))
    (hop,) = log.request(str(request_id))
    assert hop.name == "POST /services/Cloud CreateSecurityGroup"
    (failed,) = log.request(refused.headers["X-Openstack-Request-Id"])
    assert (failed.status, "web" in failed.detail["error"]) == ("error", True)
    login = credentials.read(cloud.settings, "demo")
    assert login.ec2_secret not in repr([hop, failed])
