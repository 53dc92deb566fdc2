"""A user's way, from `describe-images` to `terminate`, by each generation of EC2's clients."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests import cloud as clouds
from tests.system.ec2 import clients

pytestmark = [pytest.mark.host, pytest.mark.guest, pytest.mark.timeout(600)]

USER_DATA = "#!/bin/sh\necho user-data ran as $(id -un)\n"


@pytest.fixture(params=["cli", "boto3", "boto2-V2", "boto2-V4"])
def client(
    request: pytest.FixtureRequest, cloud: clouds.Cloud, environment: clients.Environment
) -> Iterator[Any]:
    """Each client in turn."""
    if not request.param.startswith("boto2"):
        yield request.getfixturevalue(request.param)
        return
    is_v4 = request.param == "boto2-V4"
    made = clients.Inside(cloud.namespace, lambda: clients.boto2(environment, is_v4=is_v4))
    yield made
    made.close()


def ssh(cloud: clouds.Cloud, key: Path, address: str, command: str) -> str:
    """What the guest answers as soon as it lets its owner in."""

    def answer() -> str:
        done = cloud.run(
            "ssh", "-i", str(key), "-o", "StrictHostKeyChecking=no", "-o", "BatchMode=yes",
            "-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=5",
            f"root@{address}", command, check=False, timeout_s=60,
        )  # fmt: skip
        return done.stdout

    return str(clouds.eventually(answer, timeout_s=180, what=f"ssh to {address}", every_s=0.5))


def until(boto3: clients.Inside, instance_id: str, state: str) -> None:
    """Wait by boto3, which asks at little cost."""
    clouds.eventually(
        lambda: boto3.instance(instance_id)[0] == state,
        timeout_s=120, what=f"{instance_id} is {state}", every_s=0.2,
    )  # fmt: skip


@pytest.fixture
def nobody_in_the_group(boto3: clients.Inside) -> Iterator[None]:
    """Afterwards neither the walk's key nor its group is left."""
    yield
    boto3.do(lambda ec2: ec2.delete_key_pair(KeyName="walk"))

    def is_deleted() -> bool:
        try:
            boto3.do(lambda ec2: ec2.delete_security_group(GroupName="walk"))
        except ClientError as error:
            if error.response["Error"]["Code"] != "DependencyViolation":
                raise
            return False
        return True

    clouds.eventually(is_deleted, timeout_s=60, what="nobody is in the group", every_s=0.2)


@pytest.mark.usefixtures("nobody_in_the_group")
def test_from_describe_images_to_terminate(
    cloud: clouds.Cloud, image: str, client: Any, boto3: clients.Inside, tmp_path: Path
) -> None:
    assert client.image_ids("ami-tiny") == [image]
    key = tmp_path / "key"
    key.touch(mode=0o600)
    key.write_text(client.create_key("walk"))
    client.authorize_ssh("walk")

    instance_id = client.run("ami-tiny", key="walk", group="walk", user_data=USER_DATA)
    until(boto3, instance_id, "running")
    state, address = client.instance(instance_id)
    assert state == "running"
    assert ssh(cloud, key, address, "hostname").strip() == "ami-tiny"

    clouds.eventually(
        lambda: "user-data ran as root" in boto3.console(instance_id),
        timeout_s=60, what="user data ran", every_s=0.2,
    )  # fmt: skip
    assert "user-data ran as root" in client.console(instance_id)
    assert client.terminate(instance_id) == ("running", "shutting-down")
    until(boto3, instance_id, "terminated")
    assert client.instance(instance_id)[0] == "terminated"
