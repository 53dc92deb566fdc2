"""Three generations of EC2 clients, asked the same questions in their own ways."""

import base64
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from tests import cloud as clouds

AWS: Final = str(clouds.BIN / "aws")
BOTO_VERSIONS: Final = {"V2": "ec2", "V4": "hmac-v4"}  # a signature → boto 2's name for it


@dataclass(frozen=True, kw_only=True)
class Login:
    """What a client is told; `environment` is what `novabox env` prints."""

    access: str
    secret: str
    endpoint: str
    region: str
    environment: dict[str, str]


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

    def delete_key(self, name: str) -> None:
        """Forget a key pair."""
        ...


class Cli:
    """`aws ec2`, a process a question."""

    def __init__(self, cloud: clouds.Cloud, login: Login) -> None:
        self._cloud = cloud
        self._login = login

    def ask(self, *arguments: str, check: bool = True) -> Any:
        """The answer, decoded; of one that failed, what it wrote on stderr."""
        variables = [f"{name}={value}" for name, value in self._login.environment.items()]
        done = self._cloud.run(
            "env", *variables, AWS, "ec2", *arguments, "--output", "json", check=check
        )
        if done.returncode:
            return done.stderr
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

    def delete_key(self, name: str) -> None:
        self.ask("delete-key-pair", "--key-name", name)


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

    def delete_key(self, name: str) -> None:
        self.api.delete_key_pair(KeyName=name)


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

    def delete_key(self, name: str) -> None:
        self.api.delete_key_pair(name)


def boto3(login: Login, **options: Any) -> Boto3:
    """Made in the thread that asks: its sockets are where the thread is."""
    import boto3 as library

    session = library.Session(login.access, login.secret, region_name=login.region)
    return Boto3(session.client("ec2", endpoint_url=login.endpoint, **options))


def boto2(login: Login, signature: str) -> Boto2:
    """The same."""
    with warnings.catch_warnings(action="ignore"):
        import boto.ec2
        from boto.ec2.connection import EC2Connection
        from boto.regioninfo import RegionInfo

    address = login.endpoint.partition("://")[2].partition("/")[0]
    host, _, port = address.partition(":")
    connection = EC2Connection(
        login.access, login.secret, is_secure=False, host=host, port=int(port),
        path="/services/Cloud/", region=RegionInfo(name=login.region, endpoint=host),
    )  # fmt: skip
    return Boto2(connection)
