"""Three generations of EC2 clients, asked the same questions in their own ways."""

import gc
import json
import urllib.parse
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol

from pyroute2 import netns

from tests import cloud as clouds

AWS: Final = str(clouds.BIN / "aws")
Environment = dict[str, str]  # what `novabox env` prints


class Client(Protocol):
    """The walk's verbs. Ids and states are EC2's."""

    def image_ids(self, name: str) -> list[str]:
        """Ids of the images of that name."""
        ...

    def create_key(self, name: str) -> str:
        """A new key pair's private half."""
        ...

    def authorize_ssh(self, group: str) -> None:
        """Let everybody reach port 22."""
        ...

    def run(self, image: str, *, key: str, group: str, user_data: str) -> str:
        """One m1.tiny: its id."""
        ...

    def instance(self, instance_id: str) -> tuple[str, str]:
        """State and address."""
        ...

    def console(self, instance_id: str) -> str:
        """What the guest wrote on its console."""
        ...

    def terminate(self, instance_id: str) -> tuple[str, str]:
        """State before and now."""
        ...


class Cli:
    """`aws ec2`, a process a question."""

    def __init__(self, cloud: clouds.Cloud, environment: Environment) -> None:
        self._cloud = cloud
        self._variables = [f"{name}={value}" for name, value in environment.items()]

    def run_command(self, *arguments: str, check: bool = True) -> Any:
        """What it ended with and wrote."""
        return self._cloud.run("env", *self._variables, AWS, "ec2", *arguments, check=check)

    def ask(self, *arguments: str) -> Any:
        """The answer, decoded."""
        done = self.run_command(*arguments, "--output", "json")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def image_ids(self, name: str) -> list[str]:
        found = self.ask("describe-images", "--filters", f"Name=name,Values={name}")
        return [image["ImageId"] for image in found["Images"]]

    def create_key(self, name: str) -> str:
        return str(self.ask("create-key-pair", "--key-name", name)["KeyMaterial"])

    def authorize_ssh(self, group: str) -> None:
        self.ask("create-security-group", "--group-name", group, "--description", "ssh")
        self.ask(
            "authorize-security-group-ingress", "--group-name", group, "--protocol", "tcp",
            "--port", "22", "--cidr", "0.0.0.0/0",
        )  # fmt: skip

    def run(self, image: str, *, key: str, group: str, user_data: str) -> str:
        reservation = self.ask(
            "run-instances", "--image-id", image, "--instance-type", "m1.tiny", "--key-name", key,
            "--security-groups", group, "--user-data", user_data,
        )  # fmt: skip
        (instance,) = reservation["Instances"]
        return str(instance["InstanceId"])

    def instance(self, instance_id: str) -> tuple[str, str]:
        found = self.ask("describe-instances", "--instance-ids", instance_id)
        instance = found["Reservations"][0]["Instances"][0]
        return instance["State"]["Name"], instance.get("PrivateIpAddress", "")

    def console(self, instance_id: str) -> str:
        return str(self.ask("get-console-output", "--instance-id", instance_id)["Output"])

    def terminate(self, instance_id: str) -> tuple[str, str]:
        (change,) = self.ask("terminate-instances", "--instance-ids", instance_id)[
            "TerminatingInstances"
        ]
        return change["PreviousState"]["Name"], change["CurrentState"]["Name"]


class Boto3:
    """boto3 with Signature V4."""

    def __init__(self, api: Any) -> None:
        self.api = api

    def image_ids(self, name: str) -> list[str]:
        found = self.api.describe_images(Filters=[{"Name": "name", "Values": [name]}])
        return [image["ImageId"] for image in found["Images"]]

    def create_key(self, name: str) -> str:
        return str(self.api.create_key_pair(KeyName=name)["KeyMaterial"])

    def authorize_ssh(self, group: str) -> None:
        group_id = self.api.create_security_group(GroupName=group, Description="ssh")["GroupId"]
        permission = {
            "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
            "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
        }  # fmt: skip
        self.api.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[permission])

    def run(self, image: str, *, key: str, group: str, user_data: str) -> str:
        reservation = self.api.run_instances(
            ImageId=image, InstanceType="m1.tiny", KeyName=key, SecurityGroups=[group],
            UserData=user_data, MinCount=1, MaxCount=1,
        )  # fmt: skip
        (instance,) = reservation["Instances"]
        return str(instance["InstanceId"])

    def instance(self, instance_id: str) -> tuple[str, str]:
        found = self.api.describe_instances(InstanceIds=[instance_id])
        instance = found["Reservations"][0]["Instances"][0]
        return instance["State"]["Name"], instance.get("PrivateIpAddress", "")

    def console(self, instance_id: str) -> str:
        return str(self.api.get_console_output(InstanceId=instance_id)["Output"])

    def terminate(self, instance_id: str) -> tuple[str, str]:
        (change,) = self.api.terminate_instances(InstanceIds=[instance_id])["TerminatingInstances"]
        return change["PreviousState"]["Name"], change["CurrentState"]["Name"]


class Boto2:
    """boto 2.49 with Signature V2 or V4."""

    def __init__(self, api: Any) -> None:
        self.api = api

    def image_ids(self, name: str) -> list[str]:
        return [image.id for image in self.api.get_all_images(filters={"name": name})]

    def create_key(self, name: str) -> str:
        return str(self.api.create_key_pair(name).material)

    def authorize_ssh(self, group: str) -> None:
        self.api.create_security_group(group, "ssh").authorize("tcp", 22, 22, "0.0.0.0/0")

    def run(self, image: str, *, key: str, group: str, user_data: str) -> str:
        reservation = self.api.run_instances(
            image, instance_type="m1.tiny", key_name=key, security_groups=[group],
            user_data=user_data.encode(),
        )  # fmt: skip
        (instance,) = reservation.instances
        return str(instance.id)

    def instance(self, instance_id: str) -> tuple[str, str]:
        (instance,) = self.api.get_only_instances([instance_id])
        return instance.state, instance.private_ip_address or ""

    def console(self, instance_id: str) -> str:
        return str(self.api.get_console_output(instance_id).output.decode())

    def terminate(self, instance_id: str) -> tuple[str, str]:
        (change,) = self.api.terminate_instances([instance_id])
        return change.previous_state, change.state


class Inside:
    """A client whose every call is made by one thread, in a network namespace."""

    def __init__(self, namespace: str, make: Callable[[], Client]) -> None:
        self._thread = ThreadPoolExecutor(1, initializer=netns.setns, initargs=(namespace,))
        self._client = self._thread.submit(make).result()

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            return self._thread.submit(getattr(self._client, name), *arguments, **named).result()

        return call

    def do(self, work: Callable[[Any], Any]) -> Any:
        """What `work` makes of the library's own client."""
        return self._thread.submit(lambda: work(self._client.api)).result()

    def close(self) -> None:
        """End the thread, and the sockets that boto 2 leaves open."""
        self._thread.shutdown()
        with warnings.catch_warnings(action="ignore", category=ResourceWarning):
            del self._client
            gc.collect()


def boto3(environment: Environment) -> Boto3:
    """Signs with V4."""
    import boto3 as library

    session = library.Session(
        environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_DEFAULT_REGION"],
    )  # fmt: skip
    return Boto3(session.client("ec2", endpoint_url=environment["EC2_URL"]))


def boto2(environment: Environment, *, is_v4: bool) -> Boto2:
    """Signs with V4 or, as it does by itself, with V2."""
    with warnings.catch_warnings(action="ignore"):
        from boto.ec2.connection import EC2Connection
        from boto.regioninfo import RegionInfo

    class V4(EC2Connection):
        def _required_auth_capability(self) -> list[str]:
            return ["hmac-v4"]

    url = urllib.parse.urlsplit(environment["EC2_URL"])
    kind = V4 if is_v4 else EC2Connection
    return Boto2(
        kind(
            environment["EC2_ACCESS_KEY"], environment["EC2_SECRET_KEY"],
            is_secure=False, port=url.port, path=url.path + "/",
            region=RegionInfo(name="", endpoint=url.hostname),
        )
    )  # fmt: skip
