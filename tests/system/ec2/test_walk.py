"""A user's way, from `describe-images` to `terminate`, by each generation of EC2's clients."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

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


def reached(client: Any, instance_id: str, wanted: str) -> str:
    """The instance's address, once it is in that state."""

    def state() -> bool:
        return bool(client.instance(instance_id)[0] == wanted)

    clouds.eventually(state, timeout_s=120, what=f"{instance_id} is {wanted}", every_s=0.5)
    return str(client.instance(instance_id)[1])


def test_from_describe_images_to_terminate(
    cloud: clouds.Cloud, image: str, client: Any, tmp_path: Path
) -> None:
    assert client.image_ids("ami-tiny") == [image]
    key = tmp_path / "key"
    key.touch(mode=0o600)
    key.write_text(client.create_key("walk"))
    client.authorize_ssh("walk")

    instance_id = client.run("ami-tiny", key="walk", group="walk", user_data=USER_DATA)
    address = reached(client, instance_id, "running")
    assert ssh(cloud, key, address, "hostname").strip() == "ami-tiny"

    def console() -> str:
        return str(client.console(instance_id))

    clouds.eventually(
        lambda: "user-data ran as root" in console(),
        timeout_s=60, what="user data ran", every_s=0.5,
    )  # fmt: skip
    assert client.terminate(instance_id) == ("running", "shutting-down")
    reached(client, instance_id, "terminated")
    client.clean(key="walk", group="walk")
