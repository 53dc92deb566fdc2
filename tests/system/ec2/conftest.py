"""What every test of EC2's clients starts from: keys, clients, and the image they run."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import cloud as clouds
from tests.system.ec2 import clients

OPENSTACK = str(clouds.BIN / "openstack")


@pytest.fixture(scope="session")
def environment(cloud: clouds.Cloud) -> clients.Environment:
    """The variables that a user's shell would have."""
    found: clients.Environment = json.loads(cloud.novabox("env", "--json"))
    return found


@pytest.fixture(scope="session")
def cli(cloud: clouds.Cloud, environment: clients.Environment) -> clients.Cli:
    """`aws ec2`."""
    return clients.Cli(cloud, environment)


@pytest.fixture(scope="session")
def boto3(cloud: clouds.Cloud, environment: clients.Environment) -> Iterator[clients.Inside]:
    """boto3 with V4."""
    client = clients.Inside(cloud.namespace, lambda: clients.boto3(environment))
    yield client
    client.close()


@pytest.fixture(scope="package")
def image(cloud: clouds.Cloud, cli: clients.Cli, tiny: Path) -> Iterator[str]:
    """ami-tiny, registered from a disk that its user put into the object store."""
    cloud.run(OPENSTACK, "container", "create", "disks", user="demo")
    cloud.run(
        OPENSTACK, "object", "create", "disks", str(tiny / "ami-tiny.qcow2"), "--name",
        "ami-tiny.qcow2", user="demo",
    )  # fmt: skip
    image_id = cli.ask(
        "register-image", "--name", "ami-tiny", "--image-location", "disks/ami-tiny.qcow2"
    )["ImageId"]

    def state() -> bool:
        (shown,) = cli.ask("describe-images", "--image-ids", image_id)["Images"]
        assert shown["State"] != "failed", shown
        return bool(shown["State"] == "available")

    clouds.eventually(state, timeout_s=120, what="the image is available", every_s=0.5)
    yield image_id
    cli.ask("deregister-image", "--image-id", image_id)
    cloud.run(OPENSTACK, "container", "delete", "--recursive", "disks", user="demo")
