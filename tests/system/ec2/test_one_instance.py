"""One instance, and all that EC2's clients ask of it and of the cloud while it runs."""

import base64
import datetime
import hmac
import json
import shlex
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest

from appliance import trace
from tests import client
from tests import cloud as clouds
from tests.system.ec2 import clients
from tui.demo import journey

pytestmark = [pytest.mark.host, pytest.mark.guest, pytest.mark.timeout(600)]


def until(boto3: clients.Inside, instance_id: str, wanted: str) -> None:
    clouds.eventually(
        lambda: boto3.instance(instance_id)[0] == wanted,
        timeout_s=120, what=f"{instance_id} is {wanted}", every_s=0.2,
    )  # fmt: skip


@pytest.fixture(scope="module")
def launched(boto3: clients.Inside, image: str) -> Iterator[Any]:
    """What RunInstances answered, of an instance that runs."""
    tags = {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "one"}]}
    answer = boto3.do(
        lambda ec2: ec2.run_instances(
            ImageId=image,
            InstanceType="m1.nano",
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[tags],
        )
    )
    until(boto3, answer["Instances"][0]["InstanceId"], "running")
    yield answer
    boto3.terminate(answer["Instances"][0]["InstanceId"])
    until(boto3, answer["Instances"][0]["InstanceId"], "terminated")


@pytest.fixture(scope="module")
def instance_id(launched: Any) -> str:
    return str(launched["Instances"][0]["InstanceId"])


def test_its_launch_is_one_trace_from_the_client_to_the_guest(
    cloud: clouds.Cloud, launched: Any
) -> None:
    request_id = launched["ResponseMetadata"]["RequestId"]

    log = trace.Log(cloud.home)
    clouds.eventually(
        lambda: "spawned" in {hop.name for hop in log.request(request_id)},
        timeout_s=30, what="the last hop is written",
    )  # fmt: skip
    told = log.request(request_id)
    printed = json.loads(cloud.novabox("trace", request_id, "--json"))

    assert trace.orphans(told) == []
    names = [hop.name for hop in told]
    order = ["POST /services/Cloud RunInstances", "created", "select_host", "scheduled",
             "allocate", "wired", "spawn", "spawned"]  # fmt: skip
    assert [names.index(name) for name in order] == sorted(names.index(name) for name in order)
    assert {"client", "api", "queue", "scheduler", "network", "compute"} <= {
        hop.source for hop in told
    }
    assert {hop["name"] for hop in printed} >= set(order)


def test_every_client_and_the_other_api_see_the_same(
    cloud: clouds.Cloud,
    cli: clients.Cli,
    boto3: clients.Inside,
    environment: clients.Environment,
    instance_id: str,
) -> None:
    state, address = boto3.instance(instance_id)
    others = [
        clients.Inside(cloud.namespace, lambda is_v4=is_v4: clients.boto2(environment, is_v4=is_v4))
        for is_v4 in (False, True)
    ]

    assert state == "running"
    assert address
    for other in (cli, *others):
        assert other.instance(instance_id) == (state, address)
    (server,) = cloud.openstack("server", "list")
    assert (server["Name"], server["Status"]) == ("one", "ACTIVE")
    for other in others:
        other.close()


def test_a_volume_is_attached_and_let_go(
    cli: clients.Cli, boto3: clients.Inside, instance_id: str
) -> None:
    volume_id = cli.ask("create-volume", "--size", "1", "--availability-zone", "nova")["VolumeId"]

    def shown() -> Any:
        asked = {"VolumeIds": [volume_id]}
        return boto3.do(lambda ec2: ec2.describe_volumes(**asked))["Volumes"][0]

    def becomes(state: str, attachments: list[str]) -> None:
        def reached() -> bool:
            volume = shown()
            assert volume["State"] != "error"
            found = [one["State"] for one in volume["Attachments"]]
            return bool((volume["State"], found) == (state, attachments))

        clouds.eventually(reached, timeout_s=60, what=f"{volume_id} is {state}", every_s=0.2)

    becomes("available", [])
    cli.ask(
        "attach-volume", "--volume-id", volume_id, "--instance-id", instance_id,
        "--device", "/dev/sdf",
    )  # fmt: skip
    becomes("in-use", ["attached"])
    refused = cli.run_command("delete-volume", "--volume-id", volume_id, check=False)
    assert "(VolumeInUse)" in refused.stderr
    cli.ask("detach-volume", "--volume-id", volume_id)
    becomes("available", [])
    cli.ask("delete-volume", "--volume-id", volume_id)


def test_it_is_stopped_and_started(boto3: clients.Inside, instance_id: str) -> None:
    boto3.do(lambda ec2: ec2.stop_instances(InstanceIds=[instance_id]))
    until(boto3, instance_id, "stopped")
    boto3.do(lambda ec2: ec2.start_instances(InstanceIds=[instance_id]))
    until(boto3, instance_id, "running")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("describe-instances", "--instance-ids", "i-0000ffff"), "InvalidInstanceID.NotFound"),
        (("run-instances", "--image-id", "ami-0000ffff"), "InvalidAMIID.NotFound"),
        (
            ("run-instances", "--image-id", "ami-tiny", "--count", "3",
             "--instance-type", "m1.xlarge"),
            "InstanceLimitExceeded",
        ),
        (("run-instances", "--image-id", "ami-tiny", "--dry-run"), "DryRunOperation"),
        (("describe-vpcs",), "InvalidAction"),
    ],
)  # fmt: skip
def test_what_cannot_be_has_its_code(
    cli: clients.Cli, image: str, arguments: tuple[str, ...], code: str
) -> None:
    done = cli.run_command(*arguments, check=False)

    assert done.returncode
    assert f"({code})" in done.stderr


def test_the_line_that_the_demo_ends_with_is_a_launch(cli: clients.Cli, image: str) -> None:
    program, service, *arguments = shlex.split(journey.EC2_LAUNCH.replace("\\\n", ""))
    cli.create_key("test")
    done = cli.run_command(*arguments, "--dry-run", check=False)
    cli.ask("delete-key-pair", "--key-name", "test")

    assert (program, service) == ("aws", "ec2")
    assert "(DryRunOperation)" in done.stderr


def test_a_wrong_signature_is_nobodys(
    cloud: clouds.Cloud, environment: clients.Environment
) -> None:
    wrong = clients.Cli(cloud, environment | {"AWS_SECRET_ACCESS_KEY": "guessed"})

    assert "(AuthFailure)" in wrong.run_command("describe-instances", check=False).stderr


def test_an_old_signature_has_expired(
    environment: clients.Environment, boto3: clients.Inside
) -> None:
    then = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=20)

    answer = boto3.do(lambda _: client.ask("GET", signed_v2(environment, then), headers={}))

    assert answer.status == 400
    assert b"<Code>RequestExpired</Code>" in answer.body


def signed_v2(environment: clients.Environment, at: datetime.datetime) -> str:
    """The URL of a DescribeInstances that was signed then, as the first clients did."""
    url = urllib.parse.urlsplit(environment["EC2_URL"])
    query = urllib.parse.urlencode(
        sorted({
            "Action": "DescribeInstances", "Version": "2009-11-30", "SignatureVersion": "2",
            "SignatureMethod": "HmacSHA256", "AWSAccessKeyId": environment["EC2_ACCESS_KEY"],
            "Timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }.items())
    )  # fmt: skip
    text = f"GET\n{url.netloc}\n{url.path}\n{query}"
    digest = hmac.digest(environment["EC2_SECRET_KEY"].encode(), text.encode(), "sha256")
    signature = urllib.parse.urlencode({"Signature": base64.b64encode(digest).decode()})
    return f"{environment['EC2_URL']}?{query}&{signature}"
